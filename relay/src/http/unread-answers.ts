import type { ServerResponse } from 'node:http';
import { PUBLIC_PART, type Taker } from '../memory/fair-bytes.ts';

/** What one answer holds: a body that others may hold too, or bytes of its own. */
type Held = Buffer | { readonly length: number };

/** The answers that wait for the clients of one environment, with public keys or with secret ones. */
interface Tenant {
  readonly isPublic: boolean;
  /** In the order in which they came. */
  readonly answers: Map<ServerResponse, Held>;
  readonly holders: Map<Held, number>;
  used: number;
}

/**
 * Answers that their clients have not taken yet, all together bounded in memory: above the limit those of the environment that takes most
 * are cut, oldest first, so that clients who read are served whatever those of others do. Clients with public keys together have three
 * quarters at most. A body that several answers share counts once.
 */
export class UnreadAnswers {
  /** Bytes that may wait at a time; one answer may be larger by itself. */
  readonly limit: number;
  readonly #cut: () => void;
  readonly #tenants = { public: new Map<object, Tenant>(), secret: new Map<object, Tenant>() };
  readonly #used = { public: 0, secret: 0 };

  /** @param cut called for each connection that is cut */
  constructor(limit: number, cut: () => void) {
    this.limit = limit;
    this.#cut = cut;
  }

  /** Bytes that wait now. */
  get used(): number {
    return this.#used.public + this.#used.secret;
  }

  /** Counts an answer that was ended and has not left, until it has or its connection is closed. */
  add(response: ServerResponse, body: unknown, taker: Taker): void {
    const { socket } = response;
    if (socket === null) return;
    const tenant = this.#tenantOf(taker);
    if (tenant.answers.has(response)) return;
    const held = Buffer.isBuffer(body) ? body : { length: socket.writableLength };
    const holders = tenant.holders.get(held) ?? 0;
    tenant.holders.set(held, holders + 1);
    tenant.answers.set(response, held);
    response.once('close', () => this.#remove(taker.owner, tenant, response));
    if (holders === 0) this.#count(tenant, held.length);
    while (this.#isFull()) {
      const most = this.#most();
      const oldest = most?.[1].answers.keys().next().value;
      if (most === undefined || oldest === undefined || oldest === response) break;
      const { socket: stuck } = oldest;
      this.#remove(most[0], most[1], oldest);
      this.#cut();
      stuck?.destroy();
    }
  }

  #isFull(): boolean {
    return this.used > this.limit || this.#isPublicFull();
  }

  #isPublicFull(): boolean {
    return this.#used.public > this.limit * PUBLIC_PART;
  }

  /** Who takes most, with its owner: of all, or of those with public keys where these have more than their part. */
  #most(): readonly [object, Tenant] | undefined {
    let most: readonly [object, Tenant] | undefined;
    const of = this.#isPublicFull() ? [this.#tenants.public] : [this.#tenants.public, this.#tenants.secret];
    for (const tenants of of) {
      for (const entry of tenants) if (most === undefined || entry[1].used > most[1].used) most = entry;
    }
    return most;
  }

  #tenantOf({ owner, isPublic }: Taker): Tenant {
    const tenants = isPublic ? this.#tenants.public : this.#tenants.secret;
    let tenant = tenants.get(owner);
    if (tenant === undefined) {
      tenant = { isPublic, answers: new Map(), holders: new Map(), used: 0 };
      tenants.set(owner, tenant);
    }
    return tenant;
  }

  #remove(owner: object, tenant: Tenant, response: ServerResponse): void {
    const held = tenant.answers.get(response);
    if (held === undefined) return;
    tenant.answers.delete(response);
    const left = tenant.holders.get(held)! - 1;
    if (left > 0) {
      tenant.holders.set(held, left);
      return;
    }
    tenant.holders.delete(held);
    this.#count(tenant, -held.length);
    if (tenant.answers.size === 0) this.#tenants[kindOf(tenant)].delete(owner);
  }

  #count(tenant: Tenant, bytes: number): void {
    tenant.used += bytes;
    this.#used[kindOf(tenant)] += bytes;
  }
}

function kindOf({ isPublic }: Tenant): 'public' | 'secret' {
  return isPublic ? 'public' : 'secret';
}
