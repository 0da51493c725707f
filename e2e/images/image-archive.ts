/** An image in a docker-archive file. */
export interface ImageArchive {
  /** Full name with tag. */
  readonly image: string;
  readonly file: string;
  /** Changes when the content does. */
  readonly digest: string;
}
