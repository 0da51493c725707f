/** Name of the container port that SDKs connect to. */
export const sdkPortName = 'sdk';
/** Name of the container port of /metrics, /livez and /readyz. */
export const opsPortName = 'metrics';
