"""Makes model_signing.json: folders that the Python package model_signing signed with a key made for the purpose.

    python3 -m venv v && v/bin/pip install model-signing==1.1.1 pyopenssl && v/bin/python make.py > model_signing.json
"""

import json
import pathlib
import sys
import tempfile

import model_signing
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

# Each: about, files by path (`-> PATH` is a symbolic link), ignored paths, whether links are followed.
FOLDERS = [
    (
        "parts of paths decide the order, by code points",
        {
            path: f"content of {path}"
            for path in [
                "a/b", "a.b", "a-b", "a b", "a!b", "ab/c", "B", "_", "z/z/z", "z/z.z", "0", "00",
                "é", "e\u0301", "ﬀ", "𐐷", "～", "日本語/模型.bin",
            ]
        },
        [],
        False,
    ),
    (
        "paths of git at the top are left out, deeper ones and hidden files count",
        {
            ".git/HEAD": "ref: refs/heads/main\n",
            ".git/objects/pack/x": "x",
            ".gitattributes": "*.bin filter=lfs\n",
            ".gitignore": "*.tmp\n",
            ".github/workflows/ci.yml": "on: push\n",
            ".gitmodules": "",
            ".hidden": "h",
            "sub/.git/HEAD": "ref: refs/heads/sub\n",
            "sub/.gitignore": "",
            "model.bin": "weights",
            "empty": "",
        },
        [],
        False,
    ),
    (
        "the signature and a folder of logs are left out by name",
        {"model.bin": "weights", "model.sig": "an older signature", "logs/a": "1", "logs/b/c": "2", "logs.txt": "3"},
        ["model.sig", "logs"],
        False,
    ),
    (
        "links to files count as their files",
        {"blobs/1": "one", "weights.bin": "-> blobs/1", "sub/again": "-> ../blobs/1"},
        [],
        True,
    ),
    ("one file", {"model.bin": "weights"}, [], False),
    ("the same digest as the folder before: names are not in it", {"renamed.bin": "weights"}, [], False),
]


def sign(folder, ignored, links, key, bundle):
    hashing = (
        model_signing.hashing.Config()
        .use_file_serialization(allow_symlinks=links)
        .set_ignored_paths(paths=ignored)
        .set_allow_symlinks(links)
    )
    model_signing.signing.Config().use_elliptic_key_signer(private_key=key).set_hashing_config(hashing).sign(
        folder, bundle
    )


def main():
    made = []
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        key = ec.generate_private_key(ec.SECP256R1())
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        (scratch / "key").write_bytes(pem)
        for at, (about, files, ignored, links) in enumerate(FOLDERS):
            folder = scratch / f"model{at}"
            for path, content in files.items():
                place = folder / path
                place.parent.mkdir(parents=True, exist_ok=True)
                if content.startswith("-> "):
                    place.symlink_to(content[3:])
                else:
                    place.write_text(content, encoding="utf-8")
            sign(folder, ignored, links, scratch / "key", scratch / "bundle")
            bundle = json.loads((scratch / "bundle").read_text())
            made.append(
                {
                    "about": about,
                    "files": files,
                    "ignorePaths": ignored,
                    "allowSymlinks": links,
                    "envelope": bundle["dsseEnvelope"],
                }
            )
    version = model_signing.__version__
    json.dump({"madeBy": f"model_signing {version}", "folders": made}, sys.stdout, ensure_ascii=True, indent=1)
    print()


main()
