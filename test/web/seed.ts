import sharp from 'sharp';
import { clientOf, ok, post, type Client, type StatusJson } from '../api/support.js';
import { startInstance, type Instance, type InstanceOverrides, type TestUser } from '../support/instance.js';

export interface Harbour {
  instance: Instance;
  people: Record<'maren' | 'tomas' | 'layla', TestUser>;
  posts: Record<'picture' | 'poll' | 'thread' | 'rtl' | 'private' | 'direct' | 'unlisted', StatusJson>;
}

const password = 'correct horse battery';

/** A small town with something of everything: pictures, warnings, a poll, a long thread, text from right to left. */
export async function startHarbour(overrides: InstanceOverrides = {}): Promise<Harbour> {
  const instance = await startInstance({ handleDomain: 'harbour.example', ...overrides });
  const maren = await instance.createUser('maren', { password, role: 'owner', discoverable: true });
  const tomas = await instance.createUser('tomas', { password });
  const layla = await instance.createUser('layla', { password });
  await describe(instance);
  const [asMaren, asTomas, asLayla] = [maren, tomas, layla].map((u) => clientOf(instance, u)) as [
    Client,
    Client,
    Client,
  ];
  await introduce(asMaren, asTomas, asLayla);
  for (const who of [tomas, layla]) await ok(asMaren.post(`/api/v1/accounts/${who.account._id}/follow`));
  const posts = await talk(asMaren, asTomas, asLayla);
  await instance.idle();
  return { instance, people: { maren, tomas, layla }, posts };
}

async function describe(instance: Instance): Promise<void> {
  await instance.ctx.db.instance.updateOne(
    { _id: '1' },
    {
      $set: {
        title: 'Harbour',
        shortDescription:
          'A quiet place for people who live by the water, or wish they did. Boats, birds, weather and bread.',
        contactEmail: 'keeper@harbour.example',
        rules: [
          { id: '1', text: 'Be kind. Disagree with what was said, not with who said it.', hint: '' },
          {
            id: '2',
            text: 'Put a warning on what people may not want to see at breakfast.',
            hint: 'Storm damage, injuries, spoilers.',
          },
          { id: '3', text: 'No advertising.', hint: '' },
        ],
      },
    },
  );
}

async function introduce(asMaren: Client, asTomas: Client, asLayla: Client): Promise<void> {
  await ok(
    asMaren
      .patch('/api/v1/accounts/update_credentials')
      .field('display_name', 'Maren Lund')
      .field(
        'note',
        'Keeps the light, and a log of the birds that pass it.\n\nPosts about #tides, knots and rye bread. https://maren.example/log',
      )
      .field('fields_attributes[0][name]', 'Pronouns')
      .field('fields_attributes[0][value]', 'she/her')
      .field('fields_attributes[1][name]', 'Logbook')
      .field('fields_attributes[1][value]', 'https://maren.example/a/very/long/address/that/does/not/fit')
      .field('indexable', 'true')
      .attach('avatar', await face('#e8b04a', '#274b5c'), 'maren.png')
      .attach('header', await dusk(1500, 500), 'dusk.png'),
  );
  await ok(
    asTomas
      .patch('/api/v1/accounts/update_credentials')
      .field('display_name', 'Tomás')
      .attach('avatar', await face('#7ec3a2', '#5b2d4a'), 'tomas.png'),
  );
  await ok(asLayla.patch('/api/v1/accounts/update_credentials', { display_name: 'ليلى البحّارة' }));
}

async function talk(asMaren: Client, asTomas: Client, asLayla: Client): Promise<Harbour['posts']> {
  const rtl = await post(asLayla, {
    status: 'صباح الخير من الميناء! البحر هادئ اليوم، والنوارس تنتظر الخبز. #بحر',
    language: 'ar',
  });
  await post(asTomas, {
    status: `A word that does not end: ${'Donaudampfschifffahrtsgesellschaftskapitän'.repeat(3)}\n\nhttps://example.com/${'a-very-long-path/'.repeat(12)}`,
  });
  const poll = await post(asTomas, {
    status: 'What goes on the bread? Asking for the whole #harbour.',
    poll: {
      options: ['Butter, and nothing else', 'Smoked herring', 'Jam', 'It is eaten before that'],
      expires_in: 86_400,
    },
  });
  await ok(asMaren.post(`/api/v1/polls/${pollId(poll)}/votes`, { choices: [1] }));
  await ok(asLayla.post(`/api/v1/polls/${pollId(poll)}/votes`, { choices: [3] }));
  await post(asTomas, {
    status: 'The mast came down at four in the morning. Nobody was hurt.',
    spoiler_text: 'Storm damage',
    media_ids: [await upload(asTomas, await dusk(900, 900), 'A mast lies across the deck of a small boat.')],
  });
  const four = [];
  for (const [i, hue] of ['#23566b', '#a8623a', '#4f6f3d', '#6b3f66'].entries())
    four.push(await upload(asTomas, await face(hue, '#f2ead9', 640 + i * 90, 480), `Knot number ${i + 1}`));
  await post(asTomas, {
    status: 'Four knots that hold, and one that looks as if it did. #knots',
    media_ids: four,
  });
  const picture = await post(asMaren, {
    status:
      'Dusk over the outer harbour, ten minutes before the lamps came on. The wind has turned, so tomorrow the boats go out again. #tides #dusk',
    language: 'en',
    media_ids: [
      await upload(
        asMaren,
        await dusk(1600, 800),
        'A low orange sun behind blue hills; its light lies on still water in bands.',
      ),
    ],
  });
  await ok(asMaren.post(`/api/v1/statuses/${picture.id}/pin`));
  const thread = await talkOn(picture, [asTomas, asMaren, asLayla]);
  await ok(asTomas.post(`/api/v1/statuses/${picture.id}/favourite`));
  await ok(asLayla.post(`/api/v1/statuses/${picture.id}/favourite`));
  await ok(asTomas.post(`/api/v1/statuses/${picture.id}/reblog`));
  const hidden = async (visibility: string): Promise<StatusJson> =>
    post(asMaren, {
      status: `Whispered to few: ${visibility} #tides @layla`,
      visibility,
      in_reply_to_id: picture.id,
    });
  return {
    picture,
    poll,
    thread,
    rtl,
    private: await hidden('private'),
    direct: await hidden('direct'),
    unlisted: await post(asMaren, { status: 'Said in passing', visibility: 'unlisted' }),
  };
}

/** A conversation below a post; returns its last word. */
async function talkOn(start: StatusJson, voices: readonly Client[]): Promise<StatusJson> {
  const lines = [
    'That light! I could see the same bands from the other side.',
    'You must have had the better side: here the crane stood in the sun.',
    'ما أجملها! كأن البحر يقرأ رسالة.',
    'Then the sea has slow eyes. It has been reading for an hour.',
    'Is it true that the ferry stops for the seals?',
    'It does. The timetable says “tide permitting”, and so do they.',
  ];
  let last = start;
  for (const [i, line] of lines.entries()) {
    const speaker = voices[i % voices.length];
    if (speaker) last = await post(speaker, { status: line, in_reply_to_id: i === 4 ? start.id : last.id });
  }
  return last;
}

function pollId(status: StatusJson): string {
  return (status['poll'] as { id: string }).id;
}

async function upload(as: Client, file: Buffer, description: string): Promise<string> {
  const media = await ok<{ id: string }>(
    as.post('/api/v2/media').field('description', description).attach('file', file, 'picture.png'),
  );
  return media.id;
}

type Colour = readonly [red: number, green: number, blue: number];

/** A picture drawn point by point: the server refuses SVG, so do its tests. */
function paint(width: number, height: number, at: (x: number, y: number) => Colour): Promise<Buffer> {
  const data = Buffer.alloc(width * height * 3);
  for (let row = 0; row < height; row += 1)
    for (let column = 0; column < width; column += 1)
      data.set(at(column / width, row / height), (row * width + column) * 3);
  return sharp(data, { raw: { width, height, channels: 3 } })
    .png({ palette: true })
    .toBuffer();
}

const rgb = (hex: string): Colour => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16)) as never;

function mix(from: Colour, to: Colour, share: number): Colour {
  const part = Math.min(1, Math.max(0, share));
  return from.map((v, i) => Math.round(v + ((to[i] ?? 0) - v) * part)) as never;
}

/** A round head on a ground of another colour. */
function face(ground: string, ink: string, width = 400, height = 400): Promise<Buffer> {
  const ratio = width / height;
  const within = (x: number, y: number, r: number): boolean => Math.hypot(x * ratio, y) < r;
  const [back, front] = [rgb(ground), rgb(ink)];
  return paint(width, height, (x, y) =>
    within(x - 0.5, y - 0.4, 0.19) || within(x - 0.5, y - 1, 0.34) ? front : back,
  );
}

/** Hills and water under a low sun. */
function dusk(width: number, height: number): Promise<Buffer> {
  const [high, middle, low] = [rgb('#27405f'), rgb('#c9766a'), rgb('#f6c27a')];
  const [near, far, deep] = [rgb('#2c3c58'), rgb('#45587a'), rgb('#1d3350')];
  const [sun, shine] = [rgb('#ffe3b0'), rgb('#ffd9a0')];
  const ratio = width / height;
  const hill = (x: number, seed: number): number =>
    0.5 + 0.05 * Math.sin(x * 7 + seed) + 0.03 * Math.sin(x * 17 + seed * 3);
  const sky = (y: number): Colour =>
    y < 0.36 ? mix(high, middle, y / 0.36) : mix(middle, low, (y - 0.36) / 0.24);
  return paint(width, height, (x, y) => {
    if (y < 0.62) {
      if (y > hill(x, 1) + 0.05) return near;
      if (y > hill(x, 4)) return far;
      return Math.hypot((x - 0.62) * ratio, y - 0.45) < 0.08 ? sun : sky(y);
    }
    const depth = (y - 0.62) / 0.38;
    const water = mix(rgb('#a8636a'), deep, depth);
    const ripple = Math.sin(depth * depth * 60 + x * 9) > 0.45;
    const reach = Math.abs(x - 0.62) < 0.05 + depth * 0.16;
    return ripple && reach ? mix(water, shine, 0.75 - depth * 0.5) : water;
  });
}
