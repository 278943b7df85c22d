"""What a doubt means, by its code: for who reads another language than that of the records.

A record holds its doubts in English, with what was found: that detail stays, and its meaning stands before it. In
English the detail says it all.
"""

from bench.model.language import ENGLISH, later, spoken, tr
from bench.model.record import Reason

MEANINGS = {
    "agent-ended": later("the agent was ended during the trial"),
    "agent-late": later("the host was too busy to be read in time"),
    "clients-stalled": later("some client processes stood still"),
    "client-capacity": later("the rate is near what the clients can send"),
    "client-error": later("something broke in a client"),
    "client-late": later("the clients began late what was due"),
    "clock-stepped": later("the wall clock was set"),
    "commits-torn": later("a commit was there in part"),
    "configuration-drifted": later("a setting changed"),
    "configuration-loaded": later("the server read its configuration"),
    "cpu-quota": later("a CPU quota held it up"),
    "empty-reads": later("reads returned no row"),
    "few-commits": later("few commits"),
    "flush-rate": later("more flushes than the disk gives"),
    "host-full": later("the host was full"),
    "in-flight": later("time lies outside what was timed"),
    "inserts-delayed": later("the server slowed inserts down"),
    "interrupted": later("the trial was interrupted"),
    "no-commits": later("nothing was acknowledged"),
    "no-flush": later("nothing seems to be flushed"),
    "no-reads": later("readers had no answer"),
    "not-alone": later("other programs were at work"),
    "not-steady": later("the rate was not steady"),
    "not-verified": later("the rows could not be verified"),
    "nothing-deleted": later("nothing was deleted"),
    "nothing-dropped": later("no partition was dropped"),
    "outside-partitions": later("rows fitted no partition"),
    "readers-behind": later("the readers fell behind"),
    "refused": later("the variant was refused"),
    "retention-behind": later("deleting fell behind"),
    "rows-altered": later("rows were altered"),
    "rows-duplicated": later("rows were there twice"),
    "rows-foreign": later("rows of others were there"),
    "rows-lost": later("rows were lost"),
    "rows-unaccounted": later("rows are not accounted for"),
    "server-restarted": later("the server was restarted"),
    "server-trouble": later("something broke in the server"),
    "some-clients-stalled": later("some client processes stood still for a little"),
    "some-steal": later("other machines took a little CPU time"),
    "stalled": later("clients or server stood still"),
    "steal": later("other machines took CPU time"),
    "swapped": later("memory was short"),
    "table-altered": later("the table was not as it was made"),
    "throttled": later("the processor was slowed"),
    "transactions-mismatch": later("commits and transactions differ in number"),
}


def told(reason: Reason) -> str:
    """Return what a doubt says, its meaning before it where the detail's language is another."""
    if spoken() == ENGLISH or reason.code not in MEANINGS:
        return reason.detail
    return tr("{meaning} ({detail})", meaning=tr(MEANINGS[reason.code]), detail=reason.detail)
