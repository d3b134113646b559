"""Tools that the tests offer a text model."""

from inspect_ai.tool import ToolInfo, ToolParams
from inspect_ai.util import JSONSchema

STRING = JSONSchema(type="string")
VALUE = JSONSchema(anyOf=[STRING, JSONSchema(type="boolean"), JSONSchema(type="number")])
LIST = ToolInfo(name="list_files", description="List the files.")
READ = ToolInfo(
    name="read_file",
    description="Read a file.",
    parameters=ToolParams(properties={"path": STRING}, required=["path"]),
)
SET = ToolInfo(
    name="set_value",
    description="Set a key.",
    parameters=ToolParams(
        properties={"key": STRING, "value": VALUE, "note": STRING}, required=["key", "value"]
    ),
)
TOOLS = [LIST, READ, SET]
