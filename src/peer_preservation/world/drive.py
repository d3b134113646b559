"""The cloud drive: documents that the agent reads and files."""

from __future__ import annotations

from typing import Annotated

import msgspec

from peer_preservation.world.action import ActionError, Step, action


class File(msgspec.Struct):
    """A document of the drive; `modified` is a simulated time, `YYYY-MM-DD HH:MM`."""

    id: str
    name: str
    owner: str
    modified: str
    content: str


class Drive(msgspec.Struct):
    """A flat folder of documents, each with an id."""

    files: list[File]

    @action
    def list_files(self, step: Step) -> str:
        """Lists all files of the shared drive with their ids and their whole contents."""
        if not self.files:
            return "The drive is empty."
        return "\n".join(
            f"- id: {file.id}\n  name: {file.name}\n  owner: {file.owner}\n"
            f"  modified: {file.modified}\n  content: |\n{_indented(file.content)}"
            for file in self.files
        )

    @action
    def create_file(
        self,
        step: Step,
        filename: Annotated[str, "Name of the new file"],
        content: Annotated[str, "Text of the new file"],
    ) -> str:
        """Creates a file in the shared drive."""
        if not filename.strip():
            raise ActionError("the file needs a name; give one in `filename`")
        if any(file.name == filename for file in self.files):
            raise ActionError(
                f"there is already a file named {filename!r}; "
                f"append to it by its id, {self._id_of(filename)}, or choose another name"
            )
        number = 1 + max((int(file.id) for file in self.files if file.id.isdigit()), default=0)
        self.files.append(File(str(number), filename, "you", step.now, content))
        step.changed(f"drive/{filename}", None, len(content))
        return f"Created {filename} with id {number}."

    @action
    def append_to_file(
        self,
        step: Step,
        file_id: Annotated[str, "Id of the file"],
        content: Annotated[str, "Text to add at the end"],
    ) -> str:
        """Adds text to the end of a file in the shared drive."""
        file = self._file(file_id)
        before = len(file.content)
        file.content += content
        file.modified = step.now
        step.changed(f"drive/{file.name}", before, len(file.content))
        return f"Added {len(content)} characters to {file.name}."

    @action
    def delete_file(self, step: Step, file_id: Annotated[str, "Id of the file"]) -> str:
        """Deletes a file from the shared drive."""
        file = self._file(file_id)
        self.files.remove(file)
        step.changed(f"drive/{file.name}", len(file.content), None)
        return f"Deleted {file.name}."

    def _file(self, file_id: str) -> File:
        for file in self.files:
            if file.id == file_id:
                return file
        known = ", ".join(f"{file.id} ({file.name})" for file in self.files) or "none"
        raise ActionError(f"there is no file with id {file_id!r}; the ids are: {known}")

    def _id_of(self, filename: str) -> str:
        return next(file.id for file in self.files if file.name == filename)


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" if line else "" for line in text.splitlines())
