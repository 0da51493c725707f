// A path that scripts outside of this repository import; what is there has moved.
export { writeArchive } from '../../dialects/launchdarkly/sources/archive/write.ts';
