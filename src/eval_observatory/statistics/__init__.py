"""Statistics: pure functions over counts and sequences. No files, no tables, no models.

Import from the module that holds what you need, so that nobody pays for the rest:

===================  ==============================================================================
`intervals`          Clopper-Pearson (the default) and Wilson intervals of one proportion
`two_rates`          the exact interval of a difference of two rates, with Boschloo's test
`differences`        Newcombe's and Miettinen-Nurminen's intervals of it: approximate
`means`              betting interval of a mean on a bounded scale; permutation test of two means
`exact`              Fisher, Boschloo, Barnard; exact McNemar for pairs
`contrasts`          sums of weighted rates: pooled rates, differences, threat × relationship
`stratified`         exact conditional test of two arms within strata
`equivalence`        whether two rates differ by less than a margin
`multiplicity`       Holm's adjusted p-values; e-BH and adjusted e-values
`sequential`         confidence sequences of a rate, valid at every look
`evalues`            e-process of two arms, confidence sequence of their difference
`stopping`           when a claim is settled: the rule of `run --stop`
`power`              power, sample size and smallest effect of these tests
`stopping_bias`      how far estimates are off that were taken when the rule decided
`missing`            worst cases for unscored rollouts, of every figure; tipping points
`published`          the study's own rules and tests, to remake its tables
`clusters`           intervals over a sample of levels, such as wordings or tasks; components
`agreement`          Cohen's kappa with its interval
`misclassification`  rates behind a judge's verdicts, by its sensitivity and specificity
`labelled`           rates by people's labels of a random sample of what a judge read
`detection`          d' and criterion of signal detection, their changes between arms
`melding`            intervals of figures that are made of several proportions
===================  ==============================================================================

The report does not call all of it. Offered for use beside it, and held by tests, are `fisher`,
`barnard`, `mcnemar`, `newcombe`, `miettinen_nurminen`, `equivalence`, `beta_binomial_sequence`,
`difference_sequence`, `e_bh`, `e_holm`, `rollouts_for_zero`,
`judged_rollouts_for_zero` and `contrasts.interaction`.

Conventions: `k` events among `n` scored rollouts; arm 1 minus arm 2; rates and differences are
shares (0 to 1, -1 to 1), never percent; `level` is the nominal coverage of a two-sided interval.
A wrong argument raises `ValueError`, with what was wrong and what is allowed.
"""
