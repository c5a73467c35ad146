/** Where encoders send to. Pure. */

/** What of a request tells under which address the client has reached this server. */
export interface Reached {
  readonly protocol: string;
  /** Host name, with the port where it is not the protocol's own. */
  readonly host: string;
  readonly hostname: string;
}

export interface EncoderAddresses {
  /** RTMP server of all rooms. */
  readonly server: string;
  /** WHIP address of one room. */
  readonly whipUrl: string;
}

/** The addresses for encoders of a room: under the public URL when there is one, else as the client has come here. */
export type EncoderAddressesOf = (slug: string, reached: Reached) => EncoderAddresses;

/** Makes {@link EncoderAddressesOf}. */
export function createEncoderAddresses(parts: {
  /** Empty when none is set. */
  readonly publicUrl: string;
  readonly rtmpPort: number;
}): EncoderAddressesOf {
  const { publicUrl, rtmpPort } = parts;
  const known = publicUrl === "" ? undefined : new URL(publicUrl);
  return (slug, reached) => ({
    server: `rtmp://${known?.hostname ?? reached.hostname}:${rtmpPort}/live`,
    whipUrl: `${known?.origin ?? `${reached.protocol}://${reached.host}`}/whip/${slug}`,
  });
}
