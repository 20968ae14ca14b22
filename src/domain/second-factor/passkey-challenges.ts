import type { PasskeyPurpose } from '../../model/access.js';
import type { Ctx } from '../ctx.js';
import { hashSecret } from '../secrets.js';

const lifetimeMs = 10 * 60_000;

export interface ChallengeFor {
  userId: string;
  purpose: PasskeyPurpose;
  /** What the browser holds: the id of its session, or its form token before it has one. */
  browser: string;
}

const placeOf = ({ userId, purpose, browser }: ChallengeFor) => ({
  userId,
  purpose,
  browserHash: hashSecret(browser),
});

/** What the passkey of this person must sign in this browser, within ten minutes. Replaces the one before. */
export async function issuePasskeyChallenge(ctx: Ctx, place: ChallengeFor): Promise<string> {
  const challenge = ctx.randomToken(32);
  const expiresAt = new Date(ctx.clock.now().getTime() + lifetimeMs).toISOString();
  await ctx.db.passkeyChallenges.updateOne(
    placeOf(place),
    { $set: { challenge, expiresAt }, $setOnInsert: { _id: ctx.ids.next() } },
    { upsert: true },
  );
  return challenge;
}

/** Takes the challenge away, for one of those who answer it; null when there is none, or it is too old. */
export async function claimPasskeyChallenge(ctx: Ctx, place: ChallengeFor): Promise<string | null> {
  const found = await ctx.db.passkeyChallenges.findOne(placeOf(place));
  if (!found) return null;
  const { _id, challenge, expiresAt } = found;
  const { deletedCount } = await ctx.db.passkeyChallenges.deleteOne({ _id, challenge });
  return deletedCount === 1 && expiresAt > ctx.clock.now().toISOString() ? challenge : null;
}
