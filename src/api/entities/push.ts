import { pushAlerts, type PushSubscription } from '../../model/push.js';

export function toPushSubscription(subscription: PushSubscription, serverKey: string) {
  return {
    // A number on the wire.
    id: Number(subscription._id),
    endpoint: subscription.endpoint,
    standard: subscription.standard,
    alerts: Object.fromEntries(pushAlerts.map((name) => [name, subscription.alerts.includes(name)])),
    policy: subscription.policy,
    server_key: serverKey,
  };
}
