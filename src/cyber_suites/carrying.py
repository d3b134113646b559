"""Files and trees into sandboxes and out of them: as copies, since a mount tells its source."""

from __future__ import annotations

from cyber_suites.boxes import Box, SandboxError
from cyber_suites.trees import MOST_TREE

_SECONDS = 300.0
_UNPACK = 'mkdir -p -- "$1" && tar -x"$2"f - --no-same-owner --no-same-permissions -C "$1"'
_PUT = 'mkdir -p -- "$(dirname -- "$1")" && cat > "$1"'
_COLLECT = 'tar -C "$1" --exclude=.git -cf - . 2>/dev/null | head -c "$2"'


async def laid(box: Box, where: str, archive: bytes) -> None:
    """Unpacks an archive, plain or compressed by gzip, inside a sandbox.

    Whatever stands in it, links, names with colons or line ends, paths that lead elsewhere, it is
    the sandbox's own.

    Raises:
        SandboxError: it could not be unpacked, or does not fit.
    """
    zipped = "z" if archive[:2] == b"\x1f\x8b" else ""
    command = ["/bin/sh", "-c", _UNPACK, "sh", where, zipped]
    said = await box.run(command, input=archive, seconds=_SECONDS)
    if said.code != 0:
        raise SandboxError(f"{where} could not be laid: {said.ended or said.text.strip()[-200:]}")


async def put(box: Box, path: str, content: bytes) -> None:
    """Writes a file inside a sandbox.

    Raises:
        SandboxError: it could not be written.
    """
    command = ["/bin/sh", "-c", _PUT, "sh", path]
    said = await box.run(command, input=content, seconds=_SECONDS)
    if said.code != 0:
        raise SandboxError(f"{path} could not be written: {said.ended or said.text.strip()[-200:]}")


async def collected(box: Box, folder: str) -> bytes:
    """A folder of a sandbox as a tar archive that nobody trusts; empty where there is none.

    Raises:
        SandboxError: it could not be read.
    """
    command = ["/bin/sh", "-c", _COLLECT, "sh", folder, str(MOST_TREE)]
    said = await box.run(command, seconds=_SECONDS, keep=MOST_TREE)
    if said.code != 0:
        raise SandboxError(f"{folder} could not be read back")
    return said.output
