"""The columns that the layer's own tables have beside those of a suite, which it may not take.

They are said where each table is declared. A suite is held against them when it is made, below all
of those; `tests/observatory/test_reserved.py` holds that nothing is missing here.
"""

OF_TRIALS = frozenset(
    (
        *("agent_model", "harness", "episode_id", "scorer_version", "cell_id", "sample_id"),
        *("rollout", "source", "model_name", "family", "seed", "ended", "num_turns", "attempts"),
        *("total_input_tokens", "total_output_tokens", "charged_usd", "package_version"),
        *("provider", "router", "upstream", "endpoint", "model_version", "reasoning", "sampling"),
        *("group", "sub_condition", "memory_hard_prompt", "model", "behavior", "run", "who"),
    )
)
"""Of trial tables, and of what is made of them before anything is counted."""

OF_FIGURES = frozenset(
    (
        *("n", "k", "unscored", "retried", "rate", "low", "high", "baseline", "difference"),
        *("difference_low", "difference_high", "p", "p_adjusted", "method", "estimand"),
        *("estimate", "sd", "mean", "values", "validation", "seen", "verdict_rate"),
        *("verdict_low", "verdict_high", "worst_low", "worst_high", "tipping"),
        *("difference_worst_low", "difference_worst_high", "planned", "difference_planned"),
        *("kind", "against", "held", "judged", "test", "baseline_n", "baseline_k"),
        *("baseline_unscored", "baseline_retried", "sequence_low", "sequence_high"),
        *("stopped_bias", "difference_sequence_low", "difference_sequence_high"),
        *("difference_stopped_bias", "sampled", "levels", "turns", "sampled_low"),
        *("sampled_high", "predicted_low", "predicted_high", "between_sd", "between_sd_low"),
        *("between_sd_high", "between_share", "within_sd", "logit_sd", "logit_sd_low"),
        *("logit_sd_high", "sampled_difference_low", "sampled_difference_high", "mark"),
        *("cell", "reason", "count", "missing"),
    )
)
"""Of tables in which figures stand beside the factors of their cells."""

RESERVED = OF_TRIALS | OF_FIGURES
