// A path that scripts outside of this repository import; what is there has moved.
export { environmentRep } from '../dialects/launchdarkly/sources/environment-rep.ts';
