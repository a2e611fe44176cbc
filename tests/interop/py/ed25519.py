"""Ed25519 verification by the strict rule of this project, from RFC 8032 section 5.1 and nothing else.

No cofactor; canonical A, R and S; a key is admitted only when it is torsion-free and not the identity; R of small
order is refused. It is slow (some milliseconds a signature) and written to be read.
"""

from hashlib import sha512

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
SQRT_MINUS_ONE = pow(2, (P - 1) // 4, P)
IDENTITY = (0, 1, 1, 0)


def add(a, b):
    """Adds two points in extended coordinates (X, Y, Z, T): x = X/Z, y = Y/Z, xy = T/Z."""
    m = (a[1] - a[0]) * (b[1] - b[0]) % P
    n = (a[1] + a[0]) * (b[1] + b[0]) % P
    c = 2 * a[3] * b[3] * D % P
    d = 2 * a[2] * b[2] % P
    e, f, g, h = n - m, d - c, d + c, n + m
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def multiply(scalar, point):
    """Adds a point to itself, by double and add."""
    total = IDENTITY
    while scalar:
        if scalar & 1:
            total = add(total, point)
        point = add(point, point)
        scalar >>= 1
    return total


def equal(a, b):
    """Compares two points whatever their Z."""
    return (a[0] * b[2] - b[0] * a[2]) % P == 0 and (a[1] * b[2] - b[1] * a[2]) % P == 0


def decode(encoded):
    """Returns the point that 32 bytes name in the one canonical way, else None (section 5.1.3)."""
    number = int.from_bytes(encoded, "little")
    sign, y = number >> 255, number & (2**255 - 1)
    if len(encoded) != 32 or y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * SQRT_MINUS_ONE % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return (x, y, 1, x * y % P)


BASE = decode((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def admit(key):
    """Returns the point of a public key, else None: torsion-free and not the identity."""
    point = decode(key)
    if point is None or equal(point, IDENTITY) or not equal(multiply(L, point), IDENTITY):
        return None
    return point


def verify(point, key, message, signature):
    """Says whether `signature` is one of `message` by an admitted key (section 5.1.7)."""
    if len(signature) != 64:
        return False
    r = decode(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if r is None or s >= L or equal(multiply(8, r), IDENTITY):
        return False
    k = int.from_bytes(sha512(signature[:32] + key + message).digest(), "little") % L
    return equal(multiply(s, BASE), add(r, multiply(k, point)))
