"""How many requests an endpoint is given, by what came back before."""

from docproc.readers.remote.pace import Lane, backoff, choose


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def lane(most: int = 32) -> tuple[Lane, Clock]:
    clock = Clock()
    return Lane("http://one/v1", most, clock), clock


def test_an_endpoint_that_answers_is_given_more() -> None:
    one, _ = lane()
    before = one.limit
    for _ in range(60):
        one.went_well(first_byte_s=0.1)

    assert one.limit > before


def test_never_more_than_allowed() -> None:
    one, _ = lane(most=6)
    for _ in range(500):
        one.went_well(first_byte_s=0.1)

    assert one.limit == 6


def test_too_many_halves_it_once_a_second() -> None:
    one, clock = lane()
    for _ in range(500):
        one.went_well(first_byte_s=0.1)
    before = one.limit
    one.was_too_much(wait_s=None)
    one.was_too_much(wait_s=None)
    assert one.limit == before // 2
    clock.now += 2
    one.was_too_much(wait_s=None)

    assert one.limit == before // 4


def test_late_first_bytes_lower_it() -> None:
    one, clock = lane()
    for _ in range(100):
        one.went_well(first_byte_s=0.1)
    before = one.limit
    for _ in range(5):
        clock.now += 2
        one.went_well(first_byte_s=9.0)

    assert one.limit < before


def test_a_server_that_asks_to_wait_is_left_alone_so_long() -> None:
    one, clock = lane()
    one.was_too_much(wait_s=7)
    assert not one.enter()
    clock.now += 7.1

    assert one.enter()


def test_three_faults_open_the_circuit_and_one_answer_closes_it() -> None:
    one, clock = lane()
    for _ in range(3):
        one.failed()
    assert one.is_doubtful
    assert not one.enter()
    clock.now += 3
    assert one.enter()
    assert not one.enter(), "one request tries it"
    one.leave()
    one.went_well(first_byte_s=0.1)

    assert not one.is_doubtful


def test_a_refusal_opens_the_circuit_at_once_and_is_new_once() -> None:
    one, clock = lane()
    assert one.refused("status 401")
    assert not one.refused("status 401")
    assert (one.refusal, one.is_doubtful, one.enter()) == ("status 401", True, False)
    clock.now += 10
    assert one.enter()
    one.went_well(first_byte_s=0.1)

    assert (one.refusal, one.is_doubtful) == (None, False)


def test_an_endpoint_that_refused_and_is_forgiven_is_asked_at_once() -> None:
    one, _ = lane()
    one.refused("status 404")
    one.forgive()

    assert one.enter()
    assert one.refused("status 404"), "told anew"


def test_only_a_refusal_is_forgiven() -> None:
    one, _ = lane()
    for _ in range(3):
        one.failed()
    one.forgive()

    assert not one.enter()


def test_the_pause_grows_with_every_fault_up_to_a_minute() -> None:
    one, _ = lane()
    pauses = []
    for _ in range(12):
        one.failed()
        pauses.append(one.rests_for)

    assert pauses == sorted(pauses)
    assert pauses[-1] == 60


def test_the_least_busy_sound_endpoint_is_chosen() -> None:
    first, _ = lane()
    second, clock = lane()
    for _ in range(3):
        first.failed()
        clock.now += 100
    assert choose([first, second]) is second
    assert choose([first]) is None
    assert choose([]) is None


def test_who_failed_to_answer_this_question_is_asked_after_the_others() -> None:
    first, second = Lane("http://one/v1", 4), Lane("http://two/v1", 4)
    for _ in range(2):
        second.enter()  # busier, and yet to be asked

    assert choose([first, second], {"http://one/v1": 1}) is second


def test_waiting_grows_and_differs() -> None:
    early = [backoff(1) for _ in range(200)]
    late = [backoff(8) for _ in range(200)]

    assert max(early) <= 1.0
    assert sum(late) > 3 * sum(early)
    assert max(late) <= 20
    assert len(set(early)) > 100
