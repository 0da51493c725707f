// A path that scripts outside of this repository import; what is there has moved.
export { parseDataSet } from '../dialects/launchdarkly/model/parse.ts';
