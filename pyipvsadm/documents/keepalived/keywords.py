"""The keyword table of keepalived: the blocks that may hold a keyword, its values, and its effect.

A keyword without a function changes nothing in the table. Source: keepalived.conf(5), and `keepalived -t`.
"""

from __future__ import annotations

import re

from ...record import Record
from . import keyword_effects
from .value_readers import LAST_32

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

SKIPPED, VALUES = "skipped", "values"  # kinds of blocks: read by another process, and a list of values


class Keyword(Record):
    """A keyword of keepalived.conf.

    If it `needs` a word and has none, keepalived ends, or with `crash` is stopped by a signal. `does` is the function
    that carries it out. `block` names the block that it opens. `note` is the kind of the note about it, if it asks for
    something that a table can't hold.
    """

    __slots__ = ()
    needs: bool = False
    crash: bool = False
    does: Callable[..., Any] | None = None
    block: str = ""
    note: str = ""


def beyond(keyword: Keyword, words: Iterable[str]) -> str:
    """A statement that asks for something that a table can't hold, and why it can't, as a message."""
    return f"`{' '.join(words)}`: {_BEYOND[keyword.note]}"


NEEDS, BARE = Keyword(needs=True), Keyword()


def _rows(*groups: tuple[str, Keyword]) -> dict[str, Keyword]:
    """A table of keywords by name; each of `groups` pairs names, separated by blanks, with their keyword."""
    return {word: keyword for words, keyword in groups for word in words.split()}


SCRIPT = Keyword(needs=True, note="script")
CHECK = "health check"
_BEYOND = {  # by the kind of note: why a table can't hold it
    CHECK: "a table checks nobody's health",
    "script": "a table runs no scripts",
    "VRRP": "the table is the same without VRRP",
    "BFD": "the table is the same without BFD",
    "timeouts": "timeouts are set apart, with `--set`",
    "sync daemon": "daemons are started apart, with `--start-daemon`",
    "flush": "it empties the table, of others' services too",
    "nftables": "the rules that mark packets are a firewall's",
    "network namespace": "its table is that of `--netns`",
    "e-mail and SNMP": "a table tells nobody",
}

TOP = _rows(
    ("virtual_server", Keyword(needs=True, block="service")),
    ("virtual_server_group", Keyword(needs=True, block="group")),
    ("global_defs", Keyword(block=SKIPPED)),  # the main process reads it
    ("SSL", Keyword(block="ssl")),
    ("vrrp_instance vrrp_sync_group", Keyword(block=SKIPPED, note="VRRP")),
    ("vrrp_script vrrp_track_process vrrp_track_file track_file", Keyword(needs=True, block=SKIPPED, note="VRRP")),
    ("bfd_instance", Keyword(needs=True, crash=True, block="bfd", note="BFD")),
    ("track_group garp_group static_ipaddress static_routes static_rules", Keyword(block=SKIPPED, note="VRRP")),
    ("linkbeat_interfaces interface_up_down_delays", Keyword(block=SKIPPED, note="VRRP")),
    ("net_namespace net_namespace_ipvs", Keyword(note="network namespace")),
    ("namespace_with_ipsets instance use_pid_dir linkbeat_use_polling", BARE),
    ("child_wait_time", NEEDS),
)

BEGIN = re.compile(  # what a statement of keepalived.conf begins with, if it isn't unknown
    rf"""(?:^|[{{}}])[ \t]*(?:@\S*[ \t]+)?(?:[$~]|include[rmwba]?\s|"?(?:{"|".join(TOP)})(?=["\s{{]|$))""", re.MULTILINE
)
CONTENT = re.compile(r"^[ \t]*[^\s#!]", re.MULTILINE)


def foreign(text: str) -> bool:
    """Whether `text` has content, but none that keepalived knows: it skips all of that."""
    return bool(CONTENT.search(text)) and not BEGIN.search(text)


GLOBALS = _rows(
    ("notification_email", Keyword(block=VALUES)),
    (
        "bfd_process_name bfd_rlimit_rttime checker_process_name checker_rlimit_rttime config_save_dir"
        " nftables_ipvs_priority nftables_ipvs_start_fwmark nftables_priority process_name random_seed"
        " smtp_connect_timeout smtp_server umask vmac_addr_prefix vmac_prefix vrrp_down_timer_adverts"
        " vrrp_garp_interval vrrp_garp_lower_prio_delay vrrp_garp_lower_prio_repeat vrrp_garp_master_delay"
        " vrrp_garp_master_refresh vrrp_garp_master_refresh_repeat vrrp_garp_master_repeat vrrp_gna_interval"
        " vrrp_mcast_group4 vrrp_mcast_group6 vrrp_process_name vrrp_rlimit_rttime vrrp_startup_delay vrrp_version",
        NEEDS,
    ),
    (
        "bfd_cpu_affinity bfd_no_swap bfd_priority bfd_rt_priority checker_cpu_affinity checker_log_all_failures"
        " checker_no_swap checker_priority checker_rt_priority data_use_instance dbus_service_name default_interface"
        " disable_local_igmp dynamic_interfaces enable_dbus enable_script_security enable_snmp_checker"
        " enable_snmp_rfc enable_snmp_rfcv2 enable_snmp_rfcv3 enable_snmp_vrrp enable_traps"
        " fifo_write_vrrp_states_on_reload include_check lvs_netlink_cmd_rcv_bufs lvs_netlink_cmd_rcv_bufs_force"
        " lvs_netlink_monitor_rcv_bufs lvs_netlink_monitor_rcv_bufs_force lvs_notify_fifo lvs_notify_fifo_script"
        " max_auto_priority min_auto_priority_delay nftables nftables_counters nftables_ifindex no_checker_emails"
        " no_email_faults notification_email_from notify_fifo notify_fifo_script process_monitor_rcv_bufs"
        " process_monitor_rcv_bufs_force process_names reload_check_config reload_file reload_repeat"
        " reload_time_file router_id rs_init_notifies script_user shutdown_script shutdown_script_timeout smtp_alert"
        " smtp_alert_checker smtp_alert_vrrp smtp_helo_name snmp_socket startup_script startup_script_timeout"
        " tmp_config_directory use_symlink_paths vrrp_check_unicast_src vrrp_cpu_affinity vrrp_garp_extra_if"
        " vrrp_higher_prio_send_advert vrrp_iptables vrrp_ipsets vrrp_lower_prio_no_advert vrrp_min_garp"
        " vrrp_netlink_cmd_rcv_bufs vrrp_netlink_cmd_rcv_bufs_force vrrp_netlink_monitor_rcv_bufs"
        " vrrp_netlink_monitor_rcv_bufs_force vrrp_no_swap vrrp_notify_fifo vrrp_notify_fifo_script"
        " vrrp_notify_priority_changes vrrp_priority vrrp_rt_priority vrrp_rx_bufs_multiplier vrrp_rx_bufs_policy"
        " vrrp_skip_check_adv_addr vrrp_strict",
        BARE,
    ),
    ("lvs_timeouts", Keyword(note="timeouts")),
    ("lvs_sync_daemon lvs_sync_daemon_interface", Keyword(note="sync daemon")),
    ("lvs_flush lvs_flush_on_stop lvs_flush_onstop", Keyword(note="flush")),
    ("nftables_ipvs", Keyword(note="nftables")),
    ("net_namespace net_namespace_ipvs", Keyword(note="network namespace")),
    ("instance use_pid_dir namespace_with_ipsets linkbeat_use_polling", BARE),
    ("child_wait_time", NEEDS),
)

SSL = _rows(("password ca certificate key", BARE))

SERVICE = _rows(
    ("lb_algo lvs_sched", Keyword(needs=True, does=keyword_effects.scheduler)),
    ("lb_kind lvs_method", Keyword(needs=True, does=keyword_effects.forwarding)),
    ("protocol", Keyword(needs=True, does=keyword_effects.protocol)),
    ("weight", Keyword(needs=True, does=keyword_effects.weight_of_service)),
    ("persistence_timeout", Keyword(does=keyword_effects.persistence)),
    ("persistence_granularity", Keyword(needs=True, does=keyword_effects.granularity)),
    ("persistence_engine", Keyword(needs=True, does=keyword_effects.engine)),
    ("ops", Keyword(does=keyword_effects.switch("ops"))),
    ("alpha", Keyword(does=keyword_effects.switch("alpha"))),
    ("inhibit_on_failure", Keyword(does=keyword_effects.switch("inhibit"))),
    ("quorum", Keyword(needs=True, does=keyword_effects.quorum)),
    ("hysteresis", Keyword(needs=True, does=keyword_effects.number("hysteresis", 0, LAST_32))),
    ("ip_family", Keyword(needs=True, does=keyword_effects.ip_family)),
    ("sorry_server", Keyword(needs=True, does=keyword_effects.sorry)),
    ("sorry_server_inhibit", Keyword(does=keyword_effects.sorry_inhibit)),
    ("sorry_server_lvs_method", Keyword(does=keyword_effects.sorry_forwarding)),
    ("real_server", Keyword(needs=True, block="server")),
    *((word, Keyword(does=does)) for word, does in keyword_effects.FLAGS.items()),
    ("quorum_up quorum_down", SCRIPT),
    ("delay_loop retry delay_before_retry warmup connect_timeout", NEEDS),
    ("omega ha_suspend virtualhost hashed", BARE),
    ("smtp_alert snmp_name", Keyword(note="e-mail and SNMP")),
)

SERVER = _rows(
    ("weight", Keyword(needs=True, does=keyword_effects.weight_of_server)),
    ("lvs_method", Keyword(needs=True, does=keyword_effects.forwarding)),
    ("uthreshold", Keyword(needs=True, does=keyword_effects.number("upper", 0, LAST_32))),
    ("lthreshold", Keyword(needs=True, does=keyword_effects.number("lower", 0, LAST_32))),
    ("alpha", Keyword(does=keyword_effects.answer("alpha"))),
    ("inhibit_on_failure", Keyword(does=keyword_effects.answer("inhibit"))),
    ("notify_up notify_down", SCRIPT),
    ("delay_loop retry delay_before_retry warmup connect_timeout", NEEDS),
    ("virtualhost", BARE),
    ("smtp_alert snmp_name", Keyword(note="e-mail and SNMP")),
    (
        "TCP_CHECK HTTP_GET SSL_GET SMTP_CHECK DNS_CHECK MISC_CHECK UDP_CHECK PING_CHECK BFD_CHECK FILE_CHECK",
        Keyword(block=CHECK, note=CHECK),
    ),
)

_ALPHA = ("alpha", Keyword(does=keyword_effects.answer("alpha")))
_ALWAYS = (
    _ALPHA,
    ("log_all_failures", BARE),
    ("retry delay_before_retry warmup delay_loop", NEEDS),
)
_CONNECTING = (
    *_ALWAYS,
    ("connect_ip connect_port bindto bind_port bind_if fwmark connect_timeout", NEEDS),
)
_HTTP = (
    *_CONNECTING,
    ("nb_get_retry", NEEDS),
    ("http_protocol fast_recovery virtualhost enable_sni", BARE),
    ("url", Keyword(block="url")),
)
CHECKERS = {
    "TCP_CHECK": _rows(*_CONNECTING),
    "PING_CHECK": _rows(*_CONNECTING),
    "HTTP_GET": _rows(*_HTTP),
    "SSL_GET": _rows(*_HTTP),
    "SMTP_CHECK": _rows(*_CONNECTING, ("helo_name", BARE), ("host", Keyword(block="host"))),
    "DNS_CHECK": _rows(*_CONNECTING, ("type name", NEEDS)),
    "UDP_CHECK": _rows(*_CONNECTING, ("payload require_reply", BARE), ("min_reply_length max_reply_length", NEEDS)),
    "MISC_CHECK": _rows(
        *_ALWAYS,
        ("misc_path", Keyword(does=keyword_effects.completes, note="script")),
        ("misc_dynamic", Keyword(does=keyword_effects.weighs)),
        ("user", BARE),
        ("misc_timeout", NEEDS),
    ),
    "BFD_CHECK": _rows(_ALPHA, ("name", Keyword(does=keyword_effects.completes))),
    "FILE_CHECK": _rows(("track_file", NEEDS), ("weight", BARE)),
}
URL = _rows(
    ("path", Keyword(needs=True, does=keyword_effects.counts_url)),
    ("digest", NEEDS),
    ("status_code virtualhost regex regex_no_match regex_options regex_stack", BARE),
    ("regex_min_offset regex_max_offset tls_compliant", BARE),
)
HOST = _rows(("connect_ip connect_port bindto bind_port bind_if fwmark connect_timeout", NEEDS))
