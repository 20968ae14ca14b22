/** The part of activitypub-express 4.4 that we use; it ships no types. */
declare module 'activitypub-express/pub/utils.js' {
  interface JsonLdSettings {
    context: readonly unknown[];
    jsonldContextLoader(url: string): Promise<{ documentUrl: string; document: object }>;
  }
  const utils: {
    fromJSONLD(this: JsonLdSettings, document: object): Promise<object>;
    toJSONLD(this: JsonLdSettings, document: object): Promise<object>;
  };
  export default utils;
}
