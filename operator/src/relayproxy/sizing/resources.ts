import { measured } from './measured.ts';
import { mebibytes, millicores, type Quantity, quantityValue } from './quantity.ts';

/** Quantities by what they are of: `cpu`, `memory`. */
export type Quantities = Readonly<Record<string, Quantity>>;

/** Compute resources of a container. */
export interface Resources {
  readonly requests?: Quantities | undefined;
  readonly limits?: Quantities | undefined;
}

/** Resources of one pod, as quantities of Kubernetes. */
export interface Needs {
  readonly cpu: string;
  readonly memory: string;
  /** Most memory, for when all of its streams reconnect at once. */
  readonly memoryLimit: string;
}

/** Minimum for any pod, and the default without `spec.capacity`. */
export const leastNeeds: Needs = { cpu: '100m', memory: '128Mi', memoryLimit: '512Mi' };

/** Changes of flags that a pod has CPU set aside for, in a second; what more it needs it finds on its node. */
const CHANGES_PER_SECOND = 1;
/** For all but deliveries: probes, the link to upstream, the collector. */
const BASE_CORES = 0.05;

/**
 * What a pod needs for so many open streams, environments and processes. The request is what it has resident then; the limit is twice
 * what a storm of reconnects takes, as a heap that is collected late is larger than what is in it. Never less for more.
 */
export function needsOf(connections: number, environments: number, processes = 1): Needs {
  const one =
    measured.baseBytes + measured.evaluationCacheBytes + Math.max(0, environments - 1) * measured.environmentBytes;
  const data = processes * one;
  const cores = BASE_CORES + connections * measured.deliverySeconds * CHANGES_PER_SECOND;
  return {
    cpu: largest(millicores(cores, 50), leastNeeds.cpu),
    memory: largest(mebibytes(data + connections * measured.streamBytes, 32), leastNeeds.memory),
    memoryLimit: largest(mebibytes(2 * (data + connections * measured.stormStreamBytes), 64), leastNeeds.memoryLimit),
  };
}

/**
 * The resources that a pod gets: what the user gives, field by field, and what it needs for the rest. A chosen request is
 * never above a given limit, nor a chosen limit below twice a given request; a map that is given empty stays so.
 */
export function chooseResources(given: Resources | undefined, needs: Needs): Required<Resources> {
  const { requests, limits } = given ?? {};
  return {
    requests: isEmpty(requests)
      ? {}
      : {
          cpu: smallest(needs.cpu, limits?.cpu),
          memory: smallest(needs.memory, limits?.memory),
          ...requests,
        },
    limits: isEmpty(limits) ? {} : { memory: largest(needs.memoryLimit, twice(requests?.memory)), ...limits },
  };
}

function isEmpty(map: Quantities | undefined): boolean {
  return map !== undefined && Object.keys(map).length === 0;
}

function twice(quantity: Quantity | undefined): string {
  return quantity === undefined ? '0' : mebibytes(2 * quantityValue(quantity), 1);
}

function smallest(a: string, b: Quantity | undefined): Quantity {
  return b !== undefined && quantityValue(b) < quantityValue(a) ? b : a;
}

function largest(a: string, b: string): string {
  return quantityValue(a) >= quantityValue(b) ? a : b;
}
