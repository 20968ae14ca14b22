import type { AuthenticationResponseJSON, RegistrationResponseJSON } from '@simplewebauthn/server';
import { z } from 'zod';

/** What browsers send after a ceremony (WebAuthn Level 3, 5.1: RegistrationResponseJSON, AuthenticationResponseJSON). */

const longest = 20_000;
const bytes = z
  .string()
  .min(1)
  .max(12_000)
  .regex(/^[\w-]+$/);
const credential = { id: bytes.max(1400), rawId: bytes.max(1400), type: z.literal('public-key') };
const registration = z.object({
  ...credential,
  response: z.object({
    clientDataJSON: bytes,
    attestationObject: bytes,
    transports: z.array(z.string().max(30)).max(20).optional(),
  }),
});
const assertion = z.object({
  ...credential,
  response: z.object({
    clientDataJSON: bytes,
    authenticatorData: bytes,
    signature: bytes,
    userHandle: bytes.or(z.literal('')).nullish(),
  }),
});
const clientData = z.object({ crossOrigin: z.boolean().optional(), topOrigin: z.unknown().optional() });

/** A new passkey; null when it is none, or comes with certificates, which nobody asked for. */
export async function parseRegistration(text: string): Promise<RegistrationResponseJSON | null> {
  const parsed = registration.safeParse(parseJson(text));
  if (!parsed.success || !isOurPage(parsed.data.response.clientDataJSON)) return null;
  const { response, ...rest } = parsed.data;
  if (!(await isPlain(response.attestationObject))) return null;
  const { transports, ...made } = response;
  return {
    ...rest,
    response: { ...made, ...(transports && { transports }) },
    clientExtensionResults: {},
  };
}

/** A signature by a passkey; null when it is none, or says that it is somebody else's (section 7.2, step 6). */
export function parseAssertion(text: string, userId: string): AuthenticationResponseJSON | null {
  const parsed = assertion.safeParse(parseJson(text));
  if (!parsed.success || !isOurPage(parsed.data.response.clientDataJSON)) return null;
  const { response, ...rest } = parsed.data;
  const { userHandle, ...signed } = response;
  if (userHandle && Buffer.from(userHandle, 'base64url').toString('utf8') !== userId) return null;
  return { ...rest, response: signed, clientExtensionResults: {} };
}

function parseJson(text: string): unknown {
  if (text.length > longest) return null;
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Our pages are never framed (frame-ancestors), so neither are honest ceremonies. */
function isOurPage(clientDataJSON: string): boolean {
  const data = clientData.safeParse(parseJson(Buffer.from(clientDataJSON, 'base64url').toString('utf8')));
  return data.success && data.data.crossOrigin !== true && data.data.topOrigin === undefined;
}

/** Checking certificates would fetch from addresses that they name: outside the guarded client, so not at all. */
async function isPlain(attestationObject: string): Promise<boolean> {
  const { decodeAttestationObject, isoBase64URL } = await import('@simplewebauthn/server/helpers');
  try {
    const decoded = decodeAttestationObject(isoBase64URL.toBuffer(attestationObject));
    const format = decoded.get('fmt');
    return format === 'none' || (format === 'packed' && decoded.get('attStmt').get('x5c') === undefined);
  } catch {
    return false;
  }
}
