"""Plans: which runs are trained beside a person's own."""

import pytest

from toynet.config import Config
from toynet.many.plan import MOST_LANES, MOST_SEEDS, Plan, from_texts, texts

PLANS = [
    Plan(),
    Plan(seeds=2),
    Plan(seeds=MOST_SEEDS),
    Plan(setting="batch_mode", values=("full", "mini", "stochastic")),
    Plan(setting="learning_rate", values=(0.1, 1e-5, 3.0), axis="seconds"),
    Plan(setting="hidden_size", values=(2, 16)),
]


@pytest.mark.parametrize("plan", PLANS)
def test_an_address_brings_a_plan_back(plan):
    assert from_texts(texts(plan)) == plan


def test_one_run_needs_no_words():
    assert texts(Plan()) == {}


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"luck": "0"}, "luck must be a whole number of seeds from 1 to 32, not 0"),
        ({"luck": "33"}, "not 33"),
        ({"luck": "-1"}, "not '-1'"),
        ({"luck": "9" * 5000}, "luck must be a whole number"),
        ({"race": "samples", "lanes": "20,30"}, "race must be over one of batch_mode"),
        ({"race": "batch_mode", "lanes": "full"}, "a race has 2 to 9 values of batch_mode, not 1"),
        ({"race": "batch_mode", "lanes": "full,none"}, "batch_mode must be one of full, mini, stochastic, not 'none'"),
        ({"race": "learning_rate", "lanes": "0.1,nan"}, "learning_rate must be a number from"),
        ({"race": "learning_rate"}, "learning_rate must be"),
        ({"luck": "3", "race": "batch_mode", "lanes": "full,mini"}, "luck and race exclude each other"),
        ({"lanes": "1"}, "lanes and level belong to a race"),
        ({"race": "hidden_size", "lanes": ",".join("12345678912")}, "a race has 2 to 9 values"),
        ({"race": "batch_mode", "lanes": "full,mini", "level": "hours"}, "level must be one of epoch, update"),
    ],
)
def test_what_makes_no_plan_is_told(given, told):
    with pytest.raises(ValueError, match=told.split("\n")[0]):
        from_texts(given)


def test_seeds_vary_data_and_weights_together():
    others = Plan(seeds=3).others(Config(data_seed=5, init_seed=1))
    assert [(config.data_seed, config.init_seed) for config in others] == [(6, 2), (7, 3)]


def test_rivals_have_every_value_but_the_own_one():
    plan = Plan(setting="learning_rate", values=(0.1, 0.3, 1.0))
    assert [config.learning_rate for config in plan.others(Config())] == [0.1, 1.0]
    assert len(plan.others(Config(learning_rate=2.0))) == 3
    most = Plan(setting="init_seed", values=tuple(range(1, MOST_LANES + 1)))
    assert len(most.others(Config(init_seed=99))) == MOST_LANES - 1


def test_equal_values_count_once():
    assert Plan(setting="learning_rate", values=(1, 0.5, 1.0)).values == (1.0, 0.5)


def test_a_seed_that_would_be_too_large_is_told():
    with pytest.raises(ValueError, match="data_seed"):
        Plan(seeds=2).others(Config(data_seed=2**32 - 1))
