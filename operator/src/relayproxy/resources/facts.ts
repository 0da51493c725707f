/** What builders need to know beside the RelayProxy itself. */
export interface Facts {
  /** Image for a RelayProxy that names none. */
  readonly relayImage: string;
  /** Release of the operator, for labels. */
  readonly version: string;
  /**
   * Who says how many replicas the Deployment has: `spec`, or nobody here (`autoscaler`: the field is left out of what
   * is applied), or, for a Deployment that an autoscaler will take over, `initial`: the floor of the autoscaler.
   */
  readonly replicas: 'spec' | 'initial' | 'autoscaler';
}
