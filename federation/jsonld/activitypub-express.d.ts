/** The part of activitypub-express 4.4 that we use; it ships no types. Only `apex.ts` imports it. */
declare module 'activitypub-express/pub/utils.js' {
  interface JsonLdSettings {
    context: readonly unknown[];
    jsonldContextLoader(url: string): Promise<{ contextUrl: null; documentUrl: string; document: unknown }>;
  }
  const utils: {
    fromJSONLD(this: JsonLdSettings, document: object): Promise<unknown>;
    toJSONLD(this: JsonLdSettings, document: object): Promise<unknown>;
  };
  export default utils;
}
