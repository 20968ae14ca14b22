import express, { type Router } from 'express';
import { stylesheetPath } from './layout.js';
import { passkeyScript, passkeyScriptPath } from './script.js';
import { stylesheet } from './styles.js';

/** Serves stylesheet and script under their hashed names. Pages of before an upgrade get the present ones. */
export function assetRoutes(): Router {
  const router = express.Router();
  router.get('/assets/:file', (req, res, next) => {
    const { file } = req.params;
    const isStyle = /^landfall-[0-9a-f]{12}\.css$/.test(file);
    if (!isStyle && !/^passkeys-[0-9a-f]{12}\.js$/.test(file)) return next();
    const current = [stylesheetPath, passkeyScriptPath].includes(req.path);
    res.set('Cache-Control', current ? 'public, max-age=31536000, immutable' : 'no-cache');
    res.type(isStyle ? 'css' : 'js').send(isStyle ? stylesheet : passkeyScript);
  });
  return router;
}
