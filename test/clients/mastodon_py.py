"""
Mastodon.py, the library of many bots, used across the API. Run by mastodon-py.test.ts, which gives the address of the
server in LANDFALL_URL and the password of its people in LANDFALL_PASSWORD. Fails at the first answer that is wrong.
"""

import base64
import datetime
import html
import io
import os
import queue
import re
import struct
import time
import zlib

import requests
from mastodon import Mastodon, MastodonAPIError, MastodonNotFoundError, StreamListener

URL = os.environ["LANDFALL_URL"]
PASSWORD = os.environ["LANDFALL_PASSWORD"]
SCOPES = ["read", "write", "follow", "push"]


def same(got, wanted):
    assert got == wanted, f"{got!r} is not {wanted!r}"


def eventually(ask, wanted=True):
    """What the server does after it has answered shows within a moment."""
    deadline = time.monotonic() + 15
    while True:
        got = ask()
        if got == wanted:
            return
        assert time.monotonic() < deadline, f"{got!r} did not become {wanted!r}"
        time.sleep(0.05)


def picture(red):
    """A PNG of 16 x 16, of one colour."""

    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    rows = b"".join(b"\0" + bytes([red, 80, 120]) * 16 for _ in range(16))
    header = struct.pack(">IIBBBBB", 16, 16, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def form_of(page):
    action = html.unescape(re.search(r'<form[^>]*action="([^"]*)"', page).group(1))
    fields = {}
    for tag in re.findall(r"<input[^>]*>", page):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if name:
            fields[html.unescape(name.group(1))] = html.unescape(value.group(1)) if value else ""
    return URL + action, fields


def code_by_hand(address, username):
    """Signs in and consents on the pages of the server, as a person does, and reads the code off the last one."""
    browser = requests.Session()
    action, fields = form_of(browser.get(address).text)
    consent = browser.post(action, {**fields, "username": username, "password": PASSWORD})
    action, fields = form_of(consent.text)
    last = browser.post(action, {**fields, "decision": "allow"})
    return re.search(r"[?&]code=([^&#]+)", last.url).group(1)


class Listener(StreamListener):
    def __init__(self):
        self.heard = queue.Queue()

    def on_update(self, status):
        self.heard.put(("update", status))

    def on_status_update(self, status):
        self.heard.put(("status.update", status))

    def on_delete(self, status_id):
        self.heard.put(("delete", status_id))

    def on_notification(self, notification):
        self.heard.put(("notification", notification))

    def on_conversation(self, conversation):
        self.heard.put(("conversation", conversation))

    def on_filters_changed(self):
        self.heard.put(("filters_changed", None))

    def next(self, kind):
        while True:
            got, payload = self.heard.get(timeout=120)
            if got == kind:
                return payload


def sign_in():
    client_id, client_secret = Mastodon.create_app(
        "Mastodon.py test", scopes=SCOPES, website="https://client.example", api_base_url=URL
    )
    alice = Mastodon(client_id=client_id, client_secret=client_secret, api_base_url=URL)
    assert alice.mastodon_major >= 4, alice.mastodon_major
    code = code_by_hand(alice.auth_request_url(scopes=SCOPES), "alice")
    alice.log_in(code=code, scopes=SCOPES)
    same(alice.me().username, "alice")
    same(alice.app_verify_credentials().name, "Mastodon.py test")

    bob = Mastodon(client_id=client_id, client_secret=client_secret, api_base_url=URL)
    bob.log_in(username="bob@mail.example", password=PASSWORD, scopes=SCOPES)
    same(bob.account_verify_credentials().acct, "bob")
    return alice, bob


def instance(alice):
    told = alice.instance()
    assert told.uri and told.version.startswith("4."), told
    same([rule.text for rule in alice.instance_rules()], ["Be kind"])
    # It compares with a plain text; ours answers JSON, which this version takes for ill health.
    alice.instance_health()
    same(alice.instance_nodeinfo().software.name, "landfall")
    same(alice.instance_peers(), [])
    assert isinstance(alice.instance_activity(), list)
    same(alice.custom_emojis(), [])
    same(alice.announcements(), [])
    assert alice.preferences()["posting:default:visibility"] == "public"
    assert alice.get_approx_server_time() is not None


def accounts(alice, bob):
    me = alice.account_update_credentials(
        display_name="Alice",
        note="Writes letters",
        avatar=picture(10),
        avatar_mime_type="image/png",
        header=picture(20),
        header_mime_type="image/png",
        fields=[("Site", "https://alice.example")],
        bot=False,
        locked=False,
    )
    same((me.display_name, me.fields[0].name, me.source.note), ("Alice", "Site", "Writes letters"))
    assert requests.get(me.avatar).ok and requests.get(me.header).ok
    his = alice.account_lookup("bob")
    same(alice.account(his.id).username, "bob")
    same([a.acct for a in alice.account_search("bob")], ["bob"])
    assert alice.account_follow(his.id, notify=True).following
    eventually(lambda: [a.acct for a in bob.account_followers(his.id)], ["alice"])
    same([a.acct for a in alice.account_following(me.id)], ["bob"])
    same([r.notifying for r in alice.account_relationships([his.id])], [True])
    same(alice.account_note_set(his.id, "met at sea").note, "met at sea")
    assert alice.account_pin(his.id).endorsed
    same([a.acct for a in alice.endorsements()], ["bob"])
    assert not alice.account_unpin(his.id).endorsed
    assert alice.account_mute(his.id, notifications=False, duration=600).muting
    same([a.acct for a in alice.mutes()], ["bob"])
    assert not alice.account_unmute(his.id).muting
    assert bob.account_block(me.id).blocking
    same([a.acct for a in bob.blocks()], ["alice"])
    assert not bob.account_unblock(me.id).blocking
    assert alice.account_follow(his.id).following
    eventually(lambda: alice.account_relationships(his.id)[0].following)
    alice.domain_block("spam.example")
    same(alice.domain_blocks(), ["spam.example"])
    alice.domain_unblock("spam.example")
    same(alice.domain_blocks(), [])
    same(alice.account_familiar_followers(his.id)[0].accounts, [])
    bob.account_update_credentials(discoverable=True)
    assert "bob" in [a.acct for a in alice.directory(local=True)]
    alice.suggestions()
    bob.account_update_credentials(locked=True)
    alice.account_unfollow(his.id)
    assert alice.account_follow(his.id).requested
    eventually(lambda: [a.acct for a in bob.follow_requests()], ["alice"])
    bob.follow_request_authorize(me.id)
    eventually(lambda: alice.account_relationships(his.id)[0].following)
    bob.account_update_credentials(locked=False)
    return me, his


def statuses(alice, bob, me, his):
    plain = alice.status_post("Ahoy #world @bob", language="en", idempotency_key="one")
    same(alice.status_post("Ahoy #world @bob", language="en", idempotency_key="one").id, plain.id)
    same((plain.tags[0].name, plain.mentions[0].acct, plain.language), ("world", "bob", "en"))
    same(alice.status(plain.id).content, plain.content)
    reply = bob.status_reply(plain, "Hello yourself")
    same((reply.in_reply_to_id, reply.mentions[0].acct), (plain.id, "alice"))
    context = alice.status_context(plain.id)
    same(([s.id for s in context.ancestors], [s.id for s in context.descendants]), ([], [reply.id]))
    assert bob.status_favourite(plain.id).favourited
    same([a.acct for a in alice.status_favourited_by(plain.id)], ["bob"])
    same([s.id for s in bob.favourites()], [plain.id])
    assert not bob.status_unfavourite(plain.id).favourited
    reblog = bob.status_reblog(plain.id, visibility="unlisted")
    same((reblog.reblog.id, reblog.visibility), (plain.id, "unlisted"))
    same([a.acct for a in alice.status_reblogged_by(plain.id)], ["bob"])
    assert not bob.status_unreblog(plain.id).reblogged
    assert alice.status_bookmark(plain.id).bookmarked
    same([s.id for s in alice.bookmarks()], [plain.id])
    assert not alice.status_unbookmark(plain.id).bookmarked
    assert alice.status_mute(plain.id).muted and not alice.status_unmute(plain.id).muted
    assert alice.status_pin(plain.id).pinned
    same([s.id for s in alice.account_statuses(me.id, pinned=True)], [plain.id])
    assert not alice.status_unpin(plain.id).pinned

    first = alice.media_post(picture(30), mime_type="image/png", description="red", focus=(0.5, -0.5))
    second = alice.media_post(io.BytesIO(picture(40)), mime_type="image/png", synchronous=True)
    assert alice.media(second.id).url
    same(alice.media_update(second.id, description="redder").description, "redder")
    assert len(first.blurhash) >= 6
    pictured = alice.status_post("Two pictures", media_ids=[first, second], sensitive=True, spoiler_text="red")
    same([m.description for m in pictured.media_attachments], ["red", "redder"])
    same(pictured.media_attachments[0].meta.focus.x, 0.5)
    same([s.id for s in bob.account_statuses(me.id, only_media=True)], [pictured.id])

    edited = alice.status_update(pictured.id, status="Two red pictures", spoiler_text="reds", media_ids=[first, second])
    assert edited.edited_at is not None and "Two red pictures" in edited.content
    same([e.spoiler_text for e in alice.status_history(pictured.id)], ["red", "reds"])
    same(alice.status_source(pictured.id).text, "Two red pictures")

    asked = alice.status_post("Tea?", poll=alice.make_poll(["yes", "no"], 3600, multiple=False))
    same([o.title for o in bob.poll(asked.poll.id).options], ["yes", "no"])
    bob.poll_vote(asked.poll.id, [0])
    voted = bob.poll(asked.poll.id)
    same((voted.voted, voted.own_votes, voted.votes_count), (True, [0], 1))
    try:
        bob.poll_vote(asked.poll.id, [1])
        raise AssertionError("a second vote was taken")
    except MastodonAPIError as error:
        same(error.args[1], 422)

    later = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=2)
    planned = alice.status_post("Later", scheduled_at=later)
    same([s.id for s in alice.scheduled_statuses()], [planned.id])
    same(alice.scheduled_status(planned.id).params.text, "Later")
    alice.scheduled_status_update(planned.id, later + datetime.timedelta(hours=1))
    alice.scheduled_status_delete(planned.id)
    same(alice.scheduled_statuses(), [])

    gone = alice.status_delete(alice.status_post("Gone soon").id)
    same(gone.text, "Gone soon")
    try:
        alice.status(gone.id)
        raise AssertionError("a deleted status was shown")
    except MastodonNotFoundError:
        pass
    return plain, pictured


def timelines(alice, bob, his):
    posted = [bob.status_post(f"Tide {i} #tides") for i in range(5)]
    ids = [s.id for s in reversed(posted)]
    eventually(lambda: [s.id for s in alice.timeline_home(limit=5)], ids)
    same([s.id for s in alice.timeline_local(limit=5)], ids)
    same([s.id for s in alice.timeline_public(limit=2)], ids[:2])
    same([s.id for s in alice.timeline_hashtag("tides")], ids)
    page = alice.timeline_hashtag("tides", limit=2)
    page_two = alice.fetch_next(page)
    same([s.id for s in page_two], ids[2:4])
    same([s.id for s in alice.fetch_previous(page_two)], ids[:2])
    same([s.id for s in alice.fetch_remaining(page)], ids)
    same([s.id for s in alice.account_statuses(his.id, exclude_replies=True, tagged="tides", limit=1)], ids[:1])
    alice.markers_set(["home"], [ids[0]])
    same(str(alice.markers_get(["home"]).home.last_read_id), str(ids[0]))
    same(alice.trending_statuses(), alice.trending_statuses())
    alice.trending_tags()
    alice.trending_links()


def lists(alice, bob, his):
    made = alice.list_create("Crew")
    same(alice.list_update(made.id, "Ship's crew").title, "Ship's crew")
    alice.list_accounts_add(made.id, [his.id])
    same([a.acct for a in alice.list_accounts(made.id)], ["bob"])
    same([l.id for l in alice.account_lists(his.id)], [made.id])
    status = bob.status_post("All hands")
    eventually(lambda: [s.id for s in alice.timeline_list(made.id, limit=1)], [status.id])
    alice.list_accounts_delete(made.id, [his.id])
    same(alice.list(made.id).title, "Ship's crew")
    alice.list_delete(made.id)
    same(alice.lists(), [])


def filters(alice):
    made = alice.filter_create("spoiler", ["home", "notifications"], whole_word=True, expires_in=3600)
    same(alice.filter(made.id).phrase, "spoiler")
    same(alice.filter_update(made.id, phrase="spoilers").phrase, "spoilers")
    same([f.id for f in alice.filters()], [made.id])
    alice.filter_delete(made.id)
    same(alice.filters(), [])


def hashtags(alice):
    made = alice.featured_tag_create("world")
    same([t.name for t in alice.featured_tags()], ["world"])
    alice.featured_tag_suggestions()
    same([t.name for t in alice.account_featured_tags(alice.me().id)], ["world"])
    alice.featured_tag_delete(made.id)
    same(alice.featured_tags(), [])


def search(alice, plain):
    found = alice.search("bob", result_type="accounts")
    same([a.acct for a in found.accounts], ["bob"])
    same([t.name for t in alice.search("world", result_type="hashtags", exclude_unreviewed=False).hashtags], ["world"])
    eventually(lambda: [s.id for s in alice.search("ahoy", result_type="statuses").statuses], [plain.id])
    same([s.id for s in alice.search(plain.url).statuses], [plain.id])


def notifications(alice, bob, plain):
    alice.notifications_clear()
    bob.status_favourite(plain.id)
    bob.status_post("A word, @alice")
    eventually(lambda: sorted(n.type for n in alice.notifications()), ["favourite", "mention"])
    same([n.type for n in alice.notifications(types=["mention"])], ["mention"])
    same([n.type for n in alice.notifications(exclude_types=["mention"])], ["favourite"])
    newest = alice.notifications(limit=1)[0]
    same(alice.notifications(newest.id).id, newest.id)
    alice.notifications_dismiss(newest.id)
    same(len(alice.notifications()), 1)


def conversations(alice, bob):
    sent = bob.status_post("Just us, @alice", visibility="direct")
    eventually(lambda: [c.last_status.id for c in alice.conversations()], [sent.id])
    conversation = alice.conversations()[0]
    assert conversation.unread
    alice.conversations_read(conversation.id)
    assert not alice.conversations()[0].unread


def push(alice):
    private, public = alice.push_subscription_generate_keys()
    made = alice.push_subscription_set("https://push.example/abc", public, follow_events=True, mention_events=True)
    same((made.endpoint, made.alerts.follow, made.alerts.poll), ("https://push.example/abc", True, False))
    assert len(base64.urlsafe_b64decode(made.server_key + "==")) == 65
    same(alice.push_subscription().id, made.id)
    assert alice.push_subscription_update(poll_events=True).alerts.poll
    alice.push_subscription_delete()
    try:
        alice.push_subscription()
        raise AssertionError("a deleted subscription was shown")
    except MastodonNotFoundError:
        pass


def streaming(alice, bob):
    assert alice.stream_healthy()
    ears = {name: Listener() for name in ["user", "public", "local", "hashtag", "direct"]}
    handles = [
        alice.stream_user(ears["user"], run_async=True),
        alice.stream_public(ears["public"], run_async=True),
        alice.stream_local(ears["local"], run_async=True),
        alice.stream_hashtag("waves", ears["hashtag"], run_async=True),
        alice.stream_direct(ears["direct"], run_async=True),
    ]
    status = bob.status_post("High #waves for @alice")
    for name in ["user", "public", "local", "hashtag"]:
        same(ears[name].next("update").id, status.id)
    same(ears["user"].next("notification").status.id, status.id)
    bob.status_update(status.id, status="Higher #waves")
    same(ears["hashtag"].next("status.update").id, status.id)
    bob.status_delete(status.id)
    same(str(ears["user"].next("delete")), str(status.id))
    secret = bob.status_post("@alice psst", visibility="direct")
    same(ears["direct"].next("conversation").last_status.id, secret.id)
    return handles


def reports(alice, his, pictured):
    filed = alice.report(his.id, comment="Too loud", category="other")
    same((filed.comment, filed.target_account.acct), ("Too loud", "bob"))


def main():
    alice, bob = sign_in()
    instance(alice)
    me, his = accounts(alice, bob)
    plain, pictured = statuses(alice, bob, me, his)
    timelines(alice, bob, his)
    lists(alice, bob, his)
    filters(alice)
    hashtags(alice)
    search(alice, plain)
    notifications(alice, bob, plain)
    conversations(alice, bob)
    push(alice)
    streams = streaming(alice, bob)
    reports(alice, his, pictured)
    alice.account_remove_from_followers(his.id)
    token = alice.access_token
    alice.revoke_access_token()
    alice.access_token = token
    try:
        alice.me()
        raise AssertionError("a revoked token was taken")
    except MastodonAPIError as error:
        same(error.args[1], 401)
    for stream in streams:
        eventually(stream.is_receiving, False)
    print("done")


main()
