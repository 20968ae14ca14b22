import type { JsonObject } from '../../../federation/ports.js';
import { typesOf } from '../../../federation/vocabulary/values.js';
import { isActivityType, isObjectType } from '../../../federation/vocabulary/names.js';
import { hostIn, isObject, looseId } from './rewrite.js';
import type { Stage } from './stage.js';

type Adapt = (activity: JsonObject, stage: Stage) => void | Promise<void>;

/** Gives an activity what it would find here if it had been meant for us: our account, status, poll or follow. */
export async function adaptActivity(activity: JsonObject, stage: Stage): Promise<void> {
  const type = typesOf(activity).find(isActivityType) ?? '';
  await adapters[type]?.(activity, stage);
}

const atUs: Adapt = (activity, { local, adapted }) => {
  if (activity['object'] === undefined) return;
  activity['object'] = local.accountUri;
  adapted.add('target');
};

const atOurStatus: Adapt = (activity, { local, adapted }) => {
  if (activity['object'] === undefined) return;
  activity['object'] = local.statusUri;
  adapted.add('target');
};

const flag: Adapt = (activity, { local, adapted }) => {
  const { object } = activity;
  const ours = [local.accountUri, local.statusUri];
  activity['object'] = Array.isArray(object)
    ? object.map((_, i) => ours[Math.min(i, 1)] ?? '')
    : local.accountUri;
  adapted.add('target');
};

const answer: Adapt = async (activity, { local, adapted, sender }) => {
  const { object } = activity;
  if (isObject(object) && !typesOf(object).includes('Follow')) return;
  const uri = await local.followRequest(sender);
  activity['object'] = isObject(object)
    ? { ...object, ...(object['id'] !== undefined && { id: uri }), actor: local.accountUri, object: sender }
    : uri;
  adapted.add('target');
};

const undo: Adapt = async (activity, stage) => {
  const { object } = activity;
  const { origin, sender, local, before, adapted } = stage;
  if (typeof object === 'string' && hostIn(object) !== null) {
    before.push({ id: object, type: 'Like', actor: sender, object: local.statusUri });
    return void adapted.add('target');
  }
  if (!isObject(object)) return;
  await adaptActivity(object, stage);
  before.push({ id: `${origin}/undone`, ...object, actor: sender });
};

const update: Adapt = ({ object, to, cc }, { before, sender }) => {
  if (!isObject(object) || !typesOf(object).some(isObjectType) || hostIn(looseId(object)) === null) return;
  const { updated: _, ...known } = object;
  const addressed = { ...(to !== undefined && { to }), ...(cc !== undefined && { cc }) };
  before.push({
    type: 'Create',
    actor: sender,
    ...addressed,
    object: { ...known, content: '<p>As it was before.</p>', published: '2020-01-01T00:00:00Z' },
  });
};

const remove: Adapt = ({ object }, { before, sender }) => {
  const id = looseId(object);
  if (hostIn(id) === null || id === sender || hostIn(id) !== hostIn(sender)) return;
  const to = ['https://www.w3.org/ns/activitystreams#Public'];
  const note = { id, type: 'Note', attributedTo: sender, content: '<p>Soon gone.</p>', to };
  before.push({ type: 'Create', actor: sender, to, object: note });
};

const pin: Adapt = ({ object }, { offerNote, sender }) => {
  if (typeof object === 'string' && hostIn(object) === hostIn(sender)) offerNote(object, sender);
};

const move: Adapt = ({ target }, stage) => {
  const to = looseId(target);
  if (to !== null && /\.localhost:\d+$/.test(hostIn(to) ?? '') && to !== stage.sender)
    stage.offerActor(to, { alsoKnownAs: [stage.sender] });
};

/** What is named only is there to be fetched: at the sender's host by the sender, elsewhere by somebody of there. */
const byReference: Adapt = ({ object }, stage) => {
  const inner = isObject(object) && typesOf(object).includes('Create') ? object['object'] : object;
  if (typeof inner !== 'string' || !/\.localhost:\d+$/.test(hostIn(inner) ?? '')) return;
  const author =
    hostIn(inner) === hostIn(stage.sender) ? stage.sender : `http://${hostIn(inner) ?? ''}/users/author`;
  stage.offerActor(author);
  stage.offerNote(inner, author);
};

const create: Adapt = async (activity, stage) => {
  const { object } = activity;
  if (isObject(object) && looseId(object['inReplyTo']) !== null && object['content'] === undefined) {
    const { name } = object;
    if (typeof name !== 'string') return;
    object['inReplyTo'] = await stage.local.pollWith(name);
    stage.adapted.add('target');
  }
  await byReference(activity, stage);
};

const adapters: Readonly<Record<string, Adapt>> = {
  Follow: atUs,
  Block: atUs,
  Like: atOurStatus,
  EmojiReact: atOurStatus,
  QuoteRequest: atOurStatus,
  Flag: flag,
  Accept: answer,
  Reject: answer,
  Undo: undo,
  Update: update,
  Delete: remove,
  Add: pin,
  Remove: pin,
  Move: move,
  Announce: byReference,
  Create: create,
};
