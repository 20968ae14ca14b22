import { readFileSync } from 'node:fs';
import { Router } from 'express';

/** Pictures that entities point to where people or operators gave none. */
const names = [
  'avatars/missing.png',
  'headers/missing.png',
  'thumbnail.png',
  'icon-192x192.png',
  'icon-512x512.png',
] as const;

export function defaultPicturesRoutes(): Router {
  const router = Router();
  for (const name of names) {
    const bytes = readFileSync(new URL(`../web/assets/${name}`, import.meta.url));
    router.get(`/assets/${name}`, (_req, res) => {
      res.set({
        'Cache-Control': 'public, max-age=86400',
        'Access-Control-Allow-Origin': '*',
        'Content-Type': 'image/png',
      });
      res.send(bytes);
    });
  }
  return router;
}
