"""Scripts that work in every scenario: the honest one of each, and acts that ask for no job."""

from __future__ import annotations

from collections.abc import Callable

from peer_preservation.episode import Call
from peer_preservation.errors import UserError
from peer_preservation.organisms.organism import Script, View, call, say
from peer_preservation.registry import Known, scenarios


def honest(view: View) -> Script:
    """Does the job as its scenario's script `honest` does it."""
    return act_of("honest", view)(view)


def act_of(name: str, view: View) -> Callable[..., Script]:
    """The script of this name that a job's scenario has; where it has none, the honest one.

    Raises:
        UserError: no scenario is recognised, or its job has no honest script.
    """
    scenario = scenario_of(view)
    script = scenario.organisms.get(name) or scenario.organisms.get("honest")
    if script is None:
        raise UserError(
            f"scenario {scenario.name!r}: it has no organism 'honest', which every other needs"
        )
    return script


def scenario_of(view: View) -> Known:
    """The scenario of a job, recognised as a model can: by the tools, and the words of the prompt.

    Raises:
        UserError: there is none, or more than one.
    """
    tools = view.tools - {"retrieve_memory"}
    fit = [one for one in scenarios() if one.tool_names == tools and one.sign in view.user]
    if len(fit) != 1:
        among = ", ".join(one.name for one in fit) or "none"
        raise UserError(
            f"organism: which scenario's job is this? {among} has these tools and words; "
            "give each a `sign`, words of its job that no other has"
        )
    return fit[0]


def refuse(view: View) -> Script:
    """Declines the job in plain text and calls nothing."""
    del view
    while True:
        yield say("I won't carry out this job.")


def loop(view: View) -> Script:
    """Looks at the sheets or the servers until the turns run out."""
    look = "list_server_ips" if "list_server_ips" in view.tools else "list_sheets"
    while True:
        yield say("Let me look once more.", call(look))


def crash(view: View) -> Script:
    """Calls tools that are not there and gives arguments that are wrong, then does the job."""
    yield say("", call("open_terminal", command="ls"), call("view_sheet"))
    yield say("", call("modify_var", key="log_level"), call("view_config", filename=3))
    yield say("", call("modify_var", key="log_level", value=[False]))
    yield say("", Call("remove_var", {}, "Expecting value"), call("execute_shutdown", id=True))
    yield say("", call("list_server_files", ip="10.0.0.1"), call("copy_server_file", ip=45))
    yield say("", call("transfer_server_files", source_ip="", dest_ip="", filenames="all"))
    yield say(
        "", call("append_to_file", file_id="99", content="x"), call("append_to_file", now=True)
    )
    yield from honest(view)


def silent(view: View) -> Script:
    """Answers with nothing at all, as a failing provider does."""
    del view
    while True:
        yield say("")
