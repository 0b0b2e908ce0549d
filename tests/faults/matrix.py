"""``python -m tests.faults.matrix``: which faults and abuses are tested, and where.

W: workers. N: servers, networks and disks. K: keys and values. D: hostile data. S: security.
Each row is named after what goes wrong. The long tests run with ``python -m pytest -m long``.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

__all__ = ("MATRIX", "Row", "missing")

ROOT = Path(__file__).parents[2]
_DEATH = "tests/worker/test_worker_death.py"
_LIMITS = "tests/worker/test_limits.py"
_CHILDREN = "tests/worker/test_children.py"
_JOB = "tests/worker/test_job.py"
_FLEET = "tests/worker/test_fleet.py"
_WORKERS = "tests/faults/test_workers.py"
_SERVER = "tests/faults/test_server.py"
_NETWORK = "tests/faults/test_network.py"
_PARTITION = "tests/faults/test_partition.py"
_HOSTS = "tests/faults/test_hosts.py"
_STORAGE = "tests/faults/test_storage.py"
_CLUSTER = "tests/faults/test_cluster.py"
_STALE = "tests/faults/test_stale.py"
_MIRRORS = "tests/faults/test_mirrors.py"
_FOREIGN = "tests/faults/test_foreign.py"
_PROMISES = "tests/faults/test_promises.py"
_VALUES = "tests/faults/test_keys_and_values.py"
_DATA = "tests/faults/test_data.py"
_SECURITY = "tests/faults/test_security.py"
_FORGED = "tests/faults/test_security_forged.py"
_ROLES = "tests/faults/test_security_roles.py"
_CLIENT = "tests/client/test_client.py"
_CONTRACT = "tests/store/test_contract.py"
_KEYS = "tests/unit/test_keys.py"
_CODEC = "tests/unit/test_codec.py"
_RECORDS = "tests/unit/test_records.py"


@dataclass(frozen=True, slots=True)
class Row:
    """One fault.

    Attributes:
        fault: What goes wrong.
        tests: The ids of the tests that make it go wrong.
        untested: What of it no test does, and why.
    """

    fault: str
    tests: tuple[str, ...]
    untested: str = ""


MATRIX: dict[str, Row] = {
    "W1": Row(
        "a worker is killed in the middle of a job",
        (
            f"{_DEATH}::test_killed_worker_is_replaced",
            f"{_DEATH}::test_killing_workers_at_random_loses_nothing",
            f"{_DEATH}::test_children_die_with_their_worker",
        ),
    ),
    "W2": Row(
        "a worker or its compressor hangs",
        (
            f"{_LIMITS}::test_poison_fails_and_what_is_behind_it_is_done",
            f"{_CHILDREN}::test_a_child_that_hangs_ends_even_when_its_parent_does_nothing",
            f"{_DEATH}::test_a_worker_that_was_stopped_and_woken_does_no_harm",
        ),
    ),
    "W3": Row(
        "a document crashes whatever works on it",
        (
            f"{_WORKERS}::test_w3_a_poison_job_is_given_up_at_its_limit",
            f"{_DEATH}::test_a_job_that_outlives_every_worker_ends_as_failed",
            f"{_JOB}::test_the_delay_between_attempts_grows",
        ),
    ),
    "W4": Row(
        "a document takes all memory",
        (f"{_LIMITS}::test_poison_fails_and_what_is_behind_it_is_done",),
    ),
    "W5": Row(
        "two workers do the same job",
        (
            f"{_DEATH}::test_a_worker_that_was_stopped_and_woken_does_no_harm",
            f"{_LIMITS}::test_long_jobs_stay_with_their_worker",
        ),
    ),
    "W6": Row(
        "no worker runs for a while",
        (
            f"{_WORKERS}::test_w6_while_no_worker_runs_work_goes_on_and_what_is_replaced_is_never_compressed",
            f"{_SERVER}::test_a_thousand_waiting_gets_are_all_served_without_polling",
        ),
    ),
    "W7": Row(
        "clients and workers of different versions",
        (
            f"{_WORKERS}::test_w7_a_reader_serves_the_original_of_what_a_newer_worker_wrote",
            f"{_WORKERS}::test_w7_a_worker_leaves_an_entry_of_a_newer_version_alone",
            f"{_RECORDS}::test_unknown_fields_are_ignored_and_newer_formats_are_not_guessed",
            f"{_PROMISES}::test_blobs_of_records_that_this_version_cannot_read_are_not_reaped",
        ),
    ),
    "N1": Row(
        "the server is killed and started again",
        (
            f"{_SERVER}::test_nothing_acknowledged_is_lost_when_the_server_is_killed_under_load",
            f"{_SERVER}::test_a_call_during_an_outage_waits_for_the_server",
            f"{_SERVER}::test_waiters_and_watchers_survive_a_restart",
            f"{_FLEET}::test_a_server_that_restarts_is_found_again",
            f"{_STORAGE}::test_n1_what_was_removed_is_not_back_after_a_kill",
        ),
    ),
    "N2": Row(
        "the server pauses",
        (
            f"{_SERVER}::test_a_paused_server_is_found_in_seconds_and_work_goes_on",
            f"{_SERVER}::test_an_unanswered_put_is_neither_success_nor_failure",
            f"{_SERVER}::test_a_retried_put_has_one_effect",
        ),
    ),
    "N3": Row(
        "the leader of a cluster is killed",
        (
            f"{_CLUSTER}::test_reads_are_current_and_a_dead_node_costs_only_time",
            "tests/embedded/test_cluster.py::test_a_cluster_survives_each_of_its_nodes",
        ),
    ),
    "N4": Row(
        "a cluster comes apart",
        (
            f"{_STORAGE}::test_n4_a_reader_beside_a_follower_that_lags_is_not_behind",
            f"{_STORAGE}::test_n4_a_reader_beside_a_cut_off_follower_is_not_behind",
            f"{_STORAGE}::test_n4_a_client_beside_a_cut_off_leader_never_goes_back",
            f"{_STORAGE}::test_n4_a_put_that_is_retried_while_it_is_in_flight_has_an_unknown_outcome",
            f"{_PARTITION}::test_a_client_at_a_leader_that_is_cut_off_goes_on_elsewhere",
            f"{_PARTITION}::test_partitions_never_turn_back_time_and_lose_nothing",
            f"{_HOSTS}::test_a_silent_leader_is_replaced_and_follows_when_it_is_back",
            f"{_STALE}::test_an_answer_below_the_floor_is_asked_for_again",
        ),
    ),
    "N5": Row(
        "the link is slow",
        (f"{_NETWORK}::test_a_slow_link_costs_one_round_trip_per_call",),
    ),
    "N6": Row(
        "the link is silent",
        (f"{_NETWORK}::test_a_dead_link_is_noticed_within_five_seconds",),
    ),
    "N7": Row(
        "the link is reset, or ends in one direction",
        (
            f"{_NETWORK}::test_calls_in_flight_settle_within_a_second_of_a_reset",
            f"{_NETWORK}::test_without_patience_every_call_says_within_a_second_how_it_ended",
            f"{_NETWORK}::test_a_half_closed_link_is_built_anew",
        ),
    ),
    "N8": Row(
        "the disk is full",
        (f"{_STORAGE}::test_n8_a_full_disk_is_an_error_and_loses_nothing",),
    ),
    "N9": Row(
        "a limit of the namespace or the server is reached",
        (
            f"{_STORAGE}::test_n9_a_full_namespace_evicts_its_oldest_entries",
            f"{_STORAGE}::test_n9_a_limit_of_the_server_is_an_error_of_its_own",
        ),
    ),
    "N10": Row(
        "the power fails, or a backup is restored",
        (
            f"{_STALE}::test_a_restored_backup_is_noticed_and_not_served",
            f"{_STALE}::test_a_restored_backup_is_noticed_also_after_new_puts",
        ),
        "a real power failure: it takes a file system that forgets what was not synced; the store "
        "is put back to an older copy instead",
    ),
    "N11": Row(
        "a bit flips on the disk",
        (
            f"{_STORAGE}::test_n11_damaged_blocks_are_never_served_as_content",
            f"{_FOREIGN}::test_a_damaged_blob_is_corrupt",
        ),
    ),
    "N12": Row(
        "a mirror is behind, cut off, gone, or never answers",
        (
            f"{_MIRRORS}::test_what_a_mirror_lacks_is_read_from_the_origin",
            f"{_MIRRORS}::test_a_leaf_node_that_comes_back_has_its_mirror",
            f"{_MIRRORS}::test_a_mirror_that_is_gone_costs_nothing",
            f"{_MIRRORS}::test_a_mirror_that_never_answers_is_waited_for_once",
        ),
    ),
    "K1": Row(
        "contents around the limits of the wire",
        (
            f"{_VALUES}::test_k1_bodies_around_every_limit_of_the_wire",
            f"{_CLIENT}::test_what_is_too_large_is_refused_before_the_wire",
            f"{_SERVER}::test_an_over_long_line_kills_the_link_and_the_client_builds_a_new_one",
        ),
    ),
    "K2": Row(
        "large contents, and writers that die while they store them",
        (
            f"{_CLIENT}::test_large_content_round_trips",
            f"{_VALUES}::test_k2_a_writer_that_dies_between_chunks_and_record_leaves_the_old_value",
            f"{_PROMISES}::test_only_blobs_that_nothing_refers_to_are_reaped",
        ),
    ),
    "K3": Row("ten thousand keys", (f"{_VALUES}::test_k3_ten_thousand_keys",)),
    "K4": Row(
        "calls are cancelled",
        (
            f"{_SERVER}::test_a_put_that_is_cancelled_anywhere_is_whole_or_absent",
            f"{_SERVER}::test_cancelled_gets_leave_no_subscription_behind",
        ),
    ),
    "K5": Row(
        "many clients and workers on few keys",
        (
            "tests/faults/test_hot_keys.py::test_gets_on_hot_keys_are_always_current",
            f"{_CLIENT}::test_an_overwritten_key_never_serves_the_old_rendition",
        ),
    ),
    "K6": Row(
        "puts are retried, and contents come back",
        (
            f"{_VALUES}::test_k6_a_retried_put_is_stored_once",
            f"{_VALUES}::test_k6_contents_that_come_back_are_stored_again",
        ),
    ),
    "K7": Row(
        "a clear beside puts",
        (
            f"{_VALUES}::test_k7_a_clear_takes_all_that_was_put_before_and_nothing_that_comes_after",
            f"{_VALUES}::test_k7_a_retried_clear_spares_later_puts",
        ),
    ),
    "K8": Row(
        "entries expire, and clocks are wrong",
        (
            f"{_VALUES}::test_k8_a_clock_that_is_wrong_does_not_decide_what_expires",
            f"{_CLIENT}::test_an_entry_expires",
        ),
        "a server whose clock jumps: the clock of one process cannot be set",
    ),
    "K9": Row(
        "the event loop of an agent stands still",
        (f"{_VALUES}::test_k9_an_event_loop_that_stands_still_loses_nothing",),
    ),
    "D1": Row(
        "records and payloads are garbage",
        (
            f"{_DATA}::test_d1_random_bytes_are_no_rendition_and_cost_nothing",
            f"{_DATA}::test_d1_other_values_in_place_of_text_are_corrupt",
            f"{_RECORDS}::test_foreign_headers_are_corrupt",
            f"{_CODEC}::test_foreign_bytes_are_corrupt_never_a_crash",
            f"{_FOREIGN}::test_a_foreign_message_is_corrupt_for_get_and_skipped_by_listings",
        ),
    ),
    "D2": Row(
        "JSON that parsers disagree about",
        (
            f"{_DATA}::test_d2_what_is_called_lossless_decodes_to_the_same_json",
            f"{_DATA}::test_d2_depth_costs_neither_the_process_nor_much_time",
            "tests/properties/test_compression.py::test_any_json_keeps_its_promises",
        ),
    ),
    "D3": Row(
        "frames that unpack to more than they should",
        (
            f"{_DATA}::test_d3_a_bomb_costs_no_more_than_it_may",
            f"{_DATA}::test_d3_a_frame_that_asks_for_a_huge_window_is_refused",
            f"{_FOREIGN}::test_content_that_does_not_match_its_record_is_never_served",
        ),
    ),
    "D4": Row(
        "texts for which a rule would take quadratic time",
        (
            f"{_DATA}::test_d4_no_rule_takes_quadratic_time",
            "tests/properties/test_line_kinds.py::test_hostile_texts_are_read_in_time",
        ),
    ),
    "D5": Row(
        "code that parsers choke on",
        (
            f"{_DATA}::test_d5_code_that_parsers_choke_on",
            "tests/properties/test_code.py::test_any_text_is_covered_and_views_keep_their_budget",
        ),
    ),
    "D6": Row(
        "texts without a break for the tokenizer",
        (f"{_DATA}::test_d6_tokens_without_a_break_are_counted_in_time",),
    ),
    "D7": Row(
        "contents that pose as notes, markup or instructions",
        (
            f"{_DATA}::test_d7_what_looks_like_ours_is_content_and_no_instruction_is_added",
            "tests/unit/test_pipeline.py::test_notes_in_the_input_are_not_taken_for_ours",
            "tests/properties/test_compression.py::test_escaping_is_reversible_and_hides_every_note",
        ),
    ),
    "S1": Row(
        "keys that mean something to the server",
        (
            f"{_CONTRACT}::test_odd_keys_are_ordinary",
            f"{_CONTRACT}::test_every_verb_validates_its_key",
            f"{_KEYS}::test_tokens_hold_nothing_that_nats_treats_specially",
        ),
    ),
    "S2": Row(
        "no credentials, or wrong ones",
        (
            f"{_SECURITY}::test_no_credentials_are_an_auth_error",
            f"{_SECURITY}::test_a_wrong_password_is_an_auth_error_without_the_password",
            "tests/faults/test_security_tls.py::test_every_kind_of_login",
            "tests/faults/test_security_expiry.py::test_expired_credentials_are_refused_at_once",
        ),
    ),
    "S3": Row(
        "a client reaches for what it may not have",
        (
            f"{_SECURITY}::test_a_denied_put_fails_at_once",
            f"{_ROLES}::test_nothing_reaches_beyond_the_role",
            f"{_ROLES}::test_accounts_keep_tenants_apart",
            f"{_FORGED}::test_forged_renditions_are_as_good_as_missing",
            f"{_FOREIGN}::test_a_forged_rendition_of_other_bytes_is_not_served_and_is_replaced",
        ),
    ),
    "S4": Row(
        "secrets in logs",
        (
            f"{_SECURITY}::test_nothing_logs_content_or_passwords",
            f"{_FLEET}::test_logs_never_contain_content",
            f"{_CLIENT}::test_repr_and_errors_hold_no_password",
        ),
    ),
    "S5": Row(
        "data that would be run",
        (
            f"{_FORGED}::test_nothing_that_is_read_can_run_code",
            f"{_CHILDREN}::test_children_do_not_inherit_credentials",
        ),
        "pickle, eval and the like are kept out by ruff (S301, S307, S506) in every file",
    ),
}


def missing() -> list[str]:
    """Return the tests of the matrix that do not exist."""
    gone = []
    for test in sorted({test for row in MATRIX.values() for test in row.tests}):
        file, _, name = test.partition("::")
        path = ROOT / file
        tree = ast.parse(path.read_text()) if path.exists() else ast.Module([], [])
        names = {
            node.name
            for node in tree.body
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        }
        if name not in names:
            gone.append(test)
    return gone


def main() -> None:
    """Print the matrix."""
    for name, row in MATRIX.items():
        print(f"{name:<4}{row.fault}")
        print(*(f"      {test}" for test in row.tests), sep="\n")
        if row.untested:
            print(f"      untested: {row.untested}")


if __name__ == "__main__":
    main()
