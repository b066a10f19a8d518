"""What all tests share: how hypothesis runs."""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "toynet",
    deadline=None,
    derandomize=True,
    database=None,
    max_examples=50,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.load_profile("toynet")
