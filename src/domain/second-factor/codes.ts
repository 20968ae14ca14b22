import { generateSecret, generateURI, verify } from 'otplib';

/** Time-based codes (RFC 6238): six digits, half a minute each, SHA-1, as every authenticator app has them. */

const stepSeconds = 30;

export const newTotpSecret = (): string => generateSecret();

/** What an authenticator app is given: `otpauth://totp/…`. */
export function enrolmentUri(input: { server: string; username: string; secret: string }): string {
  const { server, username, secret } = input;
  return generateURI({ issuer: server, label: `${username}@${server}`, secret });
}

export interface CodeCheck {
  secret: string;
  /** As typed; spaces do not count. */
  code: string;
  at: Date;
  /** Codes of this step and of those before are not good any more. */
  afterStep: number;
}

/** The step a code belongs to, one to either side of now; null when it is wrong or was used. */
export async function stepOfCode({ secret, code, at, afterStep }: CodeCheck): Promise<number | null> {
  const token = code.replace(/\s/g, '');
  if (!/^\d{6}$/.test(token)) return null;
  const epoch = Math.floor(at.getTime() / 1000);
  const result = await verify({ secret, token, epoch, epochTolerance: stepSeconds });
  if (!result.valid || !('timeStep' in result)) return null;
  return result.timeStep > afterStep ? result.timeStep : null;
}
