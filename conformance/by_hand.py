"""Calls and answers by hand, byte for byte: what callers say, and upstreams that read it strictly."""

import re
import socket
import struct

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: 17\r\n\r\n" b'{"TableNames":[]}'


def json_call(target, body=b"{}", more=b""):
    """A call in AWS JSON that nobody has signed; `more` is lines of its head."""
    return (
        b"POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: %s\r\nContent-Type: application/x-amz-json-1.0\r\n"
        b"Content-Length: %d\r\n%s\r\n%s" % (target, len(body), more, body)
    )


READ = json_call(b"DynamoDB_20120810.ListTables")
WRITE = json_call(b"DynamoDB_20120810.DeleteTable", b'{"TableName":"stones"}')
ONCE = b"Connection: close\r\n"


def connect(server):
    """A connection to a server of ours."""
    host, port = server.url.removeprefix("http://").split(":")
    connection = socket.create_connection((host, int(port)))
    connection.settimeout(30)
    return connection


def whole(connection):
    """All that comes until the end; a reset is one."""
    answer = b""
    try:
        while piece := connection.recv(65536):
            answer += piece
    except ConnectionResetError:
        pass
    return answer


def say(server, request):
    """Sends this, and reads all that comes until the end."""
    with connect(server) as connection:
        connection.sendall(request)
        return whole(connection)


def answer_of(connection):
    """The next answer on a connection that stays open; it has a length."""
    head = b""
    while b"\r\n\r\n" not in head:
        piece = connection.recv(65536)
        assert piece, "the connection ended before an answer"
        head += piece
    head, _, body = head.partition(b"\r\n\r\n")
    length = int(re.search(rb"(?i)content-length: (\d+)", head).group(1))
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def reset(connection):
    """Closes with a reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def one_after_another(seen):
    """An upstream that reads requests as strictly as it can, and keeps (start line, head, body) of each."""

    def answer(data, connection):
        def need(enough):
            nonlocal data
            while not enough():
                piece = connection.recv(65536)
                if not piece:
                    raise EOFError
                data += piece

        def take(count):
            nonlocal data
            need(lambda: len(data) >= count)
            taken, data = data[:count], data[count:]
            return taken

        def line():
            nonlocal data
            need(lambda: b"\r\n" in data)
            first, _, data = data.partition(b"\r\n")
            return first

        try:
            while True:
                need(lambda: b"\r\n\r\n" in data)
                head, _, data = data.partition(b"\r\n\r\n")
                lengths = re.findall(rb"(?im)^content-length: *(\d+)\r?$", head)
                codings = re.findall(rb"(?im)^transfer-encoding: *(.*?)\r?$", head)
                assert len(lengths) + len(codings) <= 1, head
                body = take(int(lengths[0])) if lengths else b""
                while codings:
                    size = int(line(), 16)
                    body += take(size)
                    if size == 0:
                        while line():
                            pass
                        break
                    assert line() == b""
                seen.append((head.split(b"\r\n")[0], head, body))
                connection.sendall(ANSWER)
        except (EOFError, OSError):
            pass

    return answer
