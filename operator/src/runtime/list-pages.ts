import { apiVersionOf, type KubernetesObject, type ResourceType } from './objects.ts';
import { collectionPath, queryString } from './paths.ts';
import type { ListOptions, ObjectList } from './rest-types.ts';

/** Objects in a page of a list. */
const DEFAULT_PAGE_SIZE = 500;

/** One page as the API server sends it. */
export interface Page<T> {
  readonly items?: T[] | null;
  readonly metadata?: { resourceVersion?: string; continue?: string };
}

/** Reads all pages of a list through `read`, which gets the path of one. Each item is given its apiVersion and kind. */
export async function readPages<T extends KubernetesObject>(
  type: ResourceType<T>,
  list: ListOptions,
  read: (path: string) => Promise<Page<T>>,
): Promise<ObjectList<T>> {
  const [apiVersion, kind] = [apiVersionOf(type), type.kind];
  const items: T[] = [];
  let token: string | undefined;
  for (;;) {
    const query = queryString({
      labelSelector: list.labelSelector,
      fieldSelector: list.fieldSelector,
      limit: list.pageSize ?? DEFAULT_PAGE_SIZE,
      continue: token,
      resourceVersion: token === undefined ? list.resourceVersion : undefined,
    });
    const page = await read(`${collectionPath(type, list.namespace)}${query}`);
    for (const item of page.items ?? []) items.push({ ...item, apiVersion, kind }); // they come without
    token = page.metadata?.continue || undefined;
    if (token === undefined) return { items, resourceVersion: page.metadata?.resourceVersion ?? '' };
  }
}
