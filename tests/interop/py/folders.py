"""Folders, from docs/formats/folders.md alone: their files, their digest, and the list of their files."""

import posixpath
import re
from hashlib import sha256

from tlog import Malformed

HEADER = "glasslog-files/v1\n"
LEFT_OUT = (".git", ".gitattributes", ".github", ".gitignore")
MOST_FILES, MOST_LISTED = 1 << 18, 512


def require(condition, what):
    if not condition:
        raise Malformed(what)


def is_path(path):
    """Tells whether a text is the path of a file in its one spelling."""
    parts = path.split("/")
    return (
        1 <= len(path.encode()) <= 1024
        and not any(part in ("", ".", "..") for part in parts)
        and re.search("[\x00-\x1f\x7f-\x9f\\\\]", path) is None
    )


def check(paths):
    """Checks the paths of a list: at least one, in order, each once and none the folder of another."""
    require(1 <= len(paths) <= MOST_FILES, "the number of files")
    require(all(map(is_path, paths)), "a path")
    order = [path.split("/") for path in paths]
    require(all(before < after for before, after in zip(order, order[1:])), "the order")
    folders = {tuple(parts[:end]) for parts in order for end in range(1, len(parts))}
    require(not any(tuple(parts) in folders for parts in order), "a file and a folder")


def root(digests):
    """The digest of a folder: of the digests of its files, in order."""
    return sha256(b"".join(digests)).digest()


def parse(text):
    """Reads a list of files: path, size and digest of each."""
    require(text.startswith(HEADER) and text.endswith("\n") and len(text.encode()) <= 1 << 26, "the frame")
    files = []
    for line in text[len(HEADER) :].split("\n")[:-1]:
        match = re.fullmatch(r"sha256:([0-9a-f]{64}) (0|[1-9][0-9]{0,19}) (.*)", line, re.DOTALL)
        require(match and int(match[2]) < 2**64, "a line")
        files.append((match[3], int(match[2]), bytes.fromhex(match[1])))
    check([path for path, *_ in files])
    return files


def encode(files):
    """Writes a list of files."""
    return HEADER + "".join(f"sha256:{digest.hex()} {size} {path}\n" for path, size, digest in files)


def contents(written, ignored=()):
    """The files of a folder that count, in order: path and content. `-> PATH` is a symbolic link to a file."""
    out = (*LEFT_OUT, *ignored)
    paths = [path for path in written if not any(path == top or path.startswith(top + "/") for top in out)]
    paths.sort(key=lambda path: path.split("/"))

    def content(path):
        link = re.fullmatch("-> (.*)", written[path], re.DOTALL)
        return content(posixpath.normpath(posixpath.join(posixpath.dirname(path), link[1]))) if link else written[path]

    return [(path, content(path).encode()) for path in paths]


def check_registration(statement):
    """Checks the members of a registration that list the files of its first subject."""
    predicate = statement["predicate"]
    if "files" not in predicate and "fileList" not in predicate:
        return
    require(predicate.get("action") == "register", "files belong to a registration")
    files, rest = predicate.get("files"), predicate.get("fileList")
    if rest is not None:
        require(isinstance(rest, dict) and is_count(rest.get("files")), "the list beside the log")
        digest_of(rest)
    if files is None:
        return
    require(isinstance(files, list) and len(files) <= MOST_LISTED, "the files")
    for file in files:
        require(isinstance(file, dict) and isinstance(file.get("path"), str) and is_count(file.get("size")), "a file")
    digests = [digest_of(file) for file in files]
    check([file["path"] for file in files])
    claimed = statement["subject"][0]["digest"]["sha256"]
    require(rest is not None or root(digests).hex() == claimed, "the digest of the listed files")


def is_count(value):
    return type(value) is int and value >= 0


def digest_of(value):
    match = isinstance(value.get("digest"), str) and re.fullmatch(r"sha256:([0-9a-f]{64})", value["digest"])
    require(match, "a digest")
    return bytes.fromhex(match[1])
