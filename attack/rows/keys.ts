import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { activityJson, startPeer, type Json } from '../peer.js';
import { row, type Row } from '../row.js';

const takes = ['takes'] as const;

/** Keys: whose they are, and where they come from. */
export const rows: Row[] = [
  row(26, 'KEY_OWNER', takes, async (t) => {
    const by = t.stranger();
    for (const shared of [false, true]) {
      // Passed on by somebody else it may be taken, and looked up at its origin: it must not count by itself.
      const victim = t.guest();
      t.never.push(victim.uri);
      const { status } = await t.send(by, { activity: t.follow(victim), shared });
      t.expect(status < 500, `answered ${status}`);
    }
  }),
  row(27, 'KEY_SAME_HOST', takes, (t) =>
    t.refuses('for somebody of the same host', t.trent, { activity: t.follow(t.guest()) }),
  ),
  row(28, 'KEY_SELF_CLAIM', takes, async (t) => {
    const by = t.stranger();
    const victim = t.guest();
    const { publicKeyPem } = by.document['publicKey'] as Json;
    t.evil.serve({ id: `${t.evil.origin}/keys/claim`, type: 'Key', owner: victim.uri, publicKeyPem });
    await t.refuses('a key that claims an owner', victim, {
      key: by.privateKey,
      keyId: `${t.evil.origin}/keys/claim`,
    });
  }),
  row(29, 'KEY_FOREIGN_DOC', takes, async (t) => {
    const by = t.stranger();
    const victim = t.guest();
    const { publicKeyPem } = by.document['publicKey'] as Json;
    const keyId = `${t.evil.origin}/keys/foreign`;
    const document = { ...victim.document, publicKey: { id: keyId, owner: victim.uri, publicKeyPem } };
    t.evil.answer(
      '/keys/foreign',
      (_q, r) => void r.writeHead(200, activityJson).end(JSON.stringify(document)),
    );
    await t.refuses("a document of somebody else's", victim, { key: by.privateKey, keyId });
  }),
  row(32, 'KEY_CACHE_POISON', takes, async (t) => {
    const victim = t.guest();
    const poison = t.stranger();
    const { publicKeyPem } = poison.document['publicKey'] as Json;
    t.evil.serve({ ...poison.document, publicKey: { id: victim.keyId, owner: poison.uri, publicKeyPem } });
    await t.send(poison);
    await t.refuses('a key of another host', victim, { key: poison.privateKey });
  }),
  row(35, 'KEY_REVOKED', takes, async (t) => {
    for (const mark of ['expires', 'revoked']) {
      const by = t.stranger();
      const publicKey = { ...(by.document['publicKey'] as Json), [mark]: '2020-01-01T00:00:00Z' };
      t.evil.serve({ ...by.document, publicKey });
      await t.refuses(`a key that is ${mark}`, by);
    }
  }),
  row(36, 'KEY_SSRF', takes, async (t) => {
    for (const keyId of [
      'file:///etc/passwd',
      'data:application/json,{}',
      'gopher://127.0.0.1/',
      '//127.0.0.1/key',
      '',
      t.target.actor?.uri ?? '',
    ])
      await t.refuses(`keyId ${keyId}`, t.stranger(), { keyId });
  }),
  row(37, 'KEY_REFLECT', takes, async (t) => {
    const by = t.stranger();
    const victim = await startPeer();
    const sent = Array.from({ length: 60 }, (_, i) =>
      t.send(by, { keyId: `${victim.origin}/keys/none?i=${i}` }).catch(() => null),
    );
    await Promise.all(sent);
    await victim.close();
    const made = victim.asked.length;
    t.expect(made < 40, `60 requests made it ask a third party ${made} times`);
  }),
  row(40, 'KEY_GONE', takes, async (t) => {
    const by = t.stranger();
    t.evil.answer(new URL(by.uri).pathname, (_q, r) => void r.writeHead(410).end());
    const { status } = await t.send(by, { activity: { ...t.follow(by), type: 'Delete', object: by.uri } });
    t.expect(status < 500, `answered ${status}`);
    t.expect(t.evil.count(new URL(by.uri).pathname) <= 2, 'the origin was asked again and again');
  }),
  row(41, 'KEY_WEAK', takes, async (t) => {
    const weak = generateKeyPairSync('rsa', { modulusLength: 512 });
    const pem = weak.publicKey.export({ type: 'spki', format: 'pem' }).toString();
    const key = createPrivateKey(weak.privateKey.export({ type: 'pkcs8', format: 'pem' }));
    for (const publicKeyPem of [pem, `${pem}${'x'.repeat(500_000)}`, 'no key', 5, null]) {
      const by = t.stranger();
      t.evil.serve({ ...by.document, publicKey: { id: by.keyId, owner: by.uri, publicKeyPem } });
      await t.refuses('a weak or broken key', by, { key });
    }
  }),
  row(42, 'KEY_LOCAL', takes, async (t) => {
    const by = t.stranger();
    const uri = t.target.actor?.uri ?? '';
    await t.refuses('in the name of its own account', by, { activity: t.follow(by, { actor: uri }) });
    await t.refuses('with the key of its own account', by, {
      activity: t.follow(by, { actor: uri }),
      keyId: `${uri}#main-key`,
    });
  }),
];
