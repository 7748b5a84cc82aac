/**
 * Where things live on a VM. The only place that knows these paths; scripts get them as arguments, hooks from
 * the file `layout` beside them. Everything is under one directory, which must be a real file system (overlay deltas are in it).
 */
export const ROOT = '/var/lib/stratos';
export const LAYOUT = {
  root: ROOT,
  /** Label of the machine: JSON `{"lineage","vm","prepared"}`. */
  label: `${ROOT}/label.json`,
  /** Compressed layers on their way: `blobs/sha256/<hex>` whole, for neighbours to fetch; `<hex>.part` what has arrived so far. */
  blobs: `${ROOT}/blobs`,
  /**
   * Unpacked layers, by the digest of their tar: `layers/<hex>/rootfs` shifted to the map of ids, `privileged` as they are; whole
   * when `<variant>.complete` exists. `<variant>.implied` names folders that the tar has files in, but does not describe.
   */
  layers: `${ROOT}/layers`,
  /**
   * Images: `images/<hex>/layers` (from the top), `<variant>.top` (what we add) and `rootfs` or `privileged`, where all of it is
   * mounted as one; complete when `images/<hex>/complete` exists. Without `layers` it is whole itself, as an older version made it.
   */
  images: `${ROOT}/images`,
  /** What builds on this VM keep for the next: `bases`, `layers`, `roots`, and `work` while one runs. */
  builds: `${ROOT}/builds`,
  /**
   * The LXC path: `processes/<name>/{config,podman,groups,label.json,network,bandwidth,egress,disk,user,snaps/,stratos/{init,output,hosts,as-user},tenants/,overlay/{delta,work},rootfs}`,
   * and what sleep leaves: `wake` (its wake port), `asleep` (`frozen`, `stopped`, or empty when it woke), `wake-failure`.
   * A process is built in `.making` and taken apart in `.trash`, so that what has its name here is whole.
   */
  processes: `${ROOT}/processes`,
  /** `snapshots/<name>/<snapshot>/{label.json,overlay/delta,ts,comment}`: kept of processes that went. Scripts take it for the neighbour of `processes`. */
  snapshots: `${ROOT}/snapshots`,
  /** `volumes/<alias>/<ordinal>/<volume>`. */
  volumes: `${ROOT}/volumes`,
  /** `wake/<wake port>`: `NAME PORT STARTUP` of the process that a connection there wakes. */
  wake: `${ROOT}/wake`,
  /** `haproxy.cfg`, `loaded` (digest of what was last loaded), `certs/`. */
  gateway: `${ROOT}/gateway`,
  /** `layout` (these paths for the hooks), and hooks that units run: `network-up`, `processes-up`, `process-run` … */
  bin: `${ROOT}/bin`,
  /** Addresses of the partition's VMs, one a line: who may use published ports. */
  peers: `${ROOT}/peers`,
  /** The resolv.conf processes get: a link to the one of the VM that has real servers in it. */
  resolver: `${ROOT}/resolv.conf`,
  /** What podman notes of its containers: only where the partition has any. */
  podman: `${ROOT}/podman`,
  /** Sockets of the gateway, and what lives as long as the VM runs. */
  run: '/run/stratos',
} as const;

/** Units we install. Process `shop-1` is `stratos-process@shop-1.service`. */
export const UNITS = {
  network: 'stratos-network.service',
  /** Starts every process at boot. */
  processes: 'stratos-processes.service',
  gateway: 'stratos-gateway.service',
  processTemplate: 'stratos-process@.service',
  /** By wake port: listens for as long as the process exists. */
  wakeSocketTemplate: 'stratos-wake@.socket',
  /** By wake port: wakes the process, then hands connections on to it until there are none. */
  wakeTemplate: 'stratos-wake@.service',
} as const;

/** HAProxy's runtime socket. */
export const GATEWAY_SOCKET = `${LAYOUT.run}/gateway.sock`;

/** First id of the range that unprivileged containers map to, and its length; one range, so that an image is shifted once. */
export const IDMAP = { first: 100_000, count: 65_536 } as const;

/** Bridge of the processes inside each VM. */
export const BRIDGE = 'stratosbr0';
