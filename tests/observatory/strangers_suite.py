"""A stranger's suite: all that the Observatory needs to know of the evaluation beside it."""

from eval_observatory import Contrast, Factor, Measure, Suite

MODELS = ["mockllm/one", "mockllm/two"]

SUITE = Suite(
    name="capitals",
    title="Capitals",
    question="Does a hint help a model with capitals?",
    factors=(
        Factor(name="region", levels=("north", "south")),
        Factor(name="hint", kind="yes_no", source="task_args.hint"),
    ),
    measures=(
        Measure(name="right", title="Right answer", column="right", source="scores.grader"),
        Measure(
            name="polite",
            title="Polite answer",
            column="polite",
            source="scores.manners.polite",
            primary=False,
        ),
        Measure(
            name="letters",
            title="Letters of the answer",
            column="letters",
            scale="mean",
            kind="number",
            bounds=(0, 20),
            source="scores.manners.letters",
            primary=False,
        ),
    ),
    contrasts=(
        Contrast(
            name="hint",
            title="the same region without a hint",
            when={"hint": (True,)},
            changes=({"hint": False},),
        ),
    ),
)
