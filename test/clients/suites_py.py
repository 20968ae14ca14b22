"""
What Mastodon.py's own tests expect of a server beside the API: clients, secrets, tokens and people that are given, and
streams that carry what they count. Run by suites.test.ts.
"""

import os
import queue
import time

from mastodon import Mastodon, MastodonIllegalArgumentError
from mastodon.streaming import CallbackStreamListener

URL = os.environ["LANDFALL_URL"]


def api(token="__MASTODON_PY_TEST_ACCESS_TOKEN"):
    return Mastodon(
        api_base_url=URL,
        client_id="__MASTODON_PY_TEST_CLIENT_ID",
        client_secret="__MASTODON_PY_TEST_CLIENT_SECRET",
        access_token=token,
        mastodon_version="4.4.0",
        version_check_mode="created",
    )


def eventually(ask):
    deadline = time.monotonic() + 30
    while not ask():
        assert time.monotonic() < deadline, "it did not come true"
        time.sleep(0.05)


one, admin, two = api(), api("__MASTODON_PY_TEST_ACCESS_TOKEN_2"), api("__MASTODON_PY_TEST_ACCESS_TOKEN_3")
anybody = api(None)

assert one.app_verify_credentials().name == "Mastodon.py test suite"
assert one.account_verify_credentials().acct == "mastodonpy_test"
assert two.me().acct == "mastodonpy_test_2"
assert one.account_lookup("mastodonpy_test").id == one.me().id
assert len(admin.admin_accounts()) > 2
assert anybody.stream_healthy()

assert anybody.log_in(username="admin@localhost", password="mastodonadmin")
try:
    api(None).log_in(username="admin@localhost", password="hunter2")
    raise AssertionError("a wrong password was taken")
except MastodonIllegalArgumentError:
    pass

made = Mastodon.create_app("mastodon.py generated test app", api_base_url=URL)
newcomer = Mastodon(made[0], made[1], api_base_url=URL)
suffix = str(time.time()).replace(".", "")[-5:]
assert newcomer.create_account(f"coolguy{suffix}", "swordfish", f"email@localhost{suffix}", agreement=True)
newcomer.email_resend_confirmation()
token, error = newcomer.create_account(
    f"c{suffix}", "", f"mail@localhost{suffix}", agreement=False, return_detailed_error=True
)
assert token is None
assert "password" in error.details and "username" not in error.details

# What one posts and what is done to it is the same in every answer.
status = one.status_pin(one.status_post("Toot!"))
assert status in one.account_statuses(one.me(), pinned=True)
one.status_unpin(status)
found = one.status_reply(two.status_post("A question"), "same!")
assert found.mentions[0].id == two.me().id

# Pages forth and back.
for i in range(10):
    one.status_post(f"Toot number {i}!")
first = one.account_statuses(one.me(), limit=5)
second = one.fetch_next(first)
assert second and all(s["id"] < first[-1]["id"] for s in second)
back = one.fetch_previous(second)
assert [s["id"] for s in back] == [s["id"] for s in first]

# What a filter finds is marked (since Mastodon 4 the client hides it).
one.account_follow(two.me())
hiding = one.filter_create("anime", ["home"], irreversible=True, whole_word=False, expires_in=None)
shown, hidden = two.toot("Girugameshnetworking!"), two.toot("I love animes")
eventually(lambda: {hidden["id"], shown["id"]} <= {s["id"] for s in one.timeline_home()})
marks = {s["id"]: [f.filter.filter_action for f in s.filtered] for s in one.timeline_home()}
assert marks[hidden["id"]] == ["hide"] and marks[shown["id"]] == []
one.filter_delete(hiding)
one.account_unfollow(two.me())

# The streams that its tests count.
heard = {name: queue.Queue() for name in ["update", "notification", "delete", "conversation", "edit"]}
listener = CallbackStreamListener(
    update_handler=heard["update"].put,
    notification_handler=heard["notification"].put,
    delete_handler=heard["delete"].put,
    conversation_handler=heard["conversation"].put,
    status_update_handler=heard["edit"].put,
    filters_changed_handler=lambda _: None,
)
user, direct = one.stream_user(listener, run_async=True), one.stream_direct(listener, run_async=True)
eventually(lambda: user.is_receiving() and direct.is_receiving())
posts = [one.status_post("only real cars respond.")]
posts.append(two.status_post("@mastodonpy_test beep beep I'm a jeep"))
two.status_post("on the internet, nobody knows you're a plane")
posts.append(one.status_post("@mastodonpy_test_2 pssssst", visibility="direct"))
posts.append(two.status_post("@mastodonpy_test pssssst!", visibility="direct", in_reply_to_id=posts[-1]))
eventually(lambda: heard["update"].qsize() == 2)
eventually(lambda: heard["conversation"].qsize() == 2)
eventually(lambda: heard["notification"].qsize() == 2)
one.status_update(posts[0], "only real animals respond.")
eventually(lambda: heard["edit"].qsize() == 1)
one.status_delete(posts[0])
eventually(lambda: heard["delete"].qsize() == 1)
assert heard["update"].get().id == posts[0].id
assert heard["delete"].get() == posts[0].id
assert heard["notification"].get().status.id == posts[1].id
assert heard["update"].qsize() == 1
user.close()
direct.close()

# Staff.
report = admin.report(one.me(), posts[2], "api crimes")
assert report.id in [r.id for r in admin.admin_reports()]
report = admin.admin_report_resolve(report)
assert report.action_taken_by_account.id == admin.me().id
admin.admin_account_moderate(two.me(), "silence")
assert admin.admin_account(two.me()).silenced
assert not admin.admin_account_unsilence(two.me()).silenced

print("done")
