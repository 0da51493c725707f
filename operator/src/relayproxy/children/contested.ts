import type { ResourceType } from '../../runtime/objects.ts';
import { types } from '../resources/kubernetes-types.ts';
import type { ChildProblem } from '../status/snapshot.ts';
import { someOf } from '../status/verdict.ts';
import type { Contest } from './contests.ts';

const slowly = 'ever more slowly, at most every 10 minutes';

/**
 * What a contest over a child is for the reader of the status: which field, and who holds it. That of a Deployment shows
 * in its pods; that of any other child shows nowhere else.
 */
export function contestProblem(type: ResourceType, name: string, contest: Contest): ChildProblem {
  const { reason, paths, holders } = contest;
  const where = paths.length === 0 ? '' : `: ${someOf(paths, 3)}`;
  const who = holders.map((holder) => (holder.includes(' ') ? holder : `"${holder}"`)).join(', ');
  const object = `${type.kind} "${name}"${where}`;
  return {
    reason,
    message: `${object} ${sentence(reason, who, paths.length === 0)}`,
    observable: type === types.deployment,
  };
}

function sentence(reason: Contest['reason'], who: string, deleted: boolean): string {
  if (reason === 'DriftsBack') {
    const what = deleted ? 'is deleted' : 'is changed';
    return `${what} again and again by ${who || 'somebody whom the API server does not name'}; it is put back ${slowly}`;
  }
  const cause = who ? `, held by ${who}` : '';
  return `is not what was applied, right after it was applied (a mutating webhook or admission policy, or an API server that does not know the field${cause}); it is tried again ${slowly}`;
}
