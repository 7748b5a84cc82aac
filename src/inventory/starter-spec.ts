/** The stratos.yaml of a new project: short, commented, and valid as it is. */
export function starterSpec(iaas: 'local' | 'static', schema: string): string {
  return `# yaml-language-server: $schema=${schema}
# What should run. Check it with \`stratos validate\`, see what would change with \`stratos plan\`, make it so with
# \`stratos reconcile\`. All keys: docs/reference/spec.md
apiVersion: stratos/v1

# Where machines come from.
iaas:
${iaas === 'local' ? LOCAL : STATIC}
# Pools of VMs.
partitions:
  web:
    policy: web-vms
    placement: [{ iaas: ${iaas === 'local' ? 'lab' : 'rack'} }]

# Images and how to run them. Images are made with \`stratos cartridge build\`.
cartridges:
  php:
    image: php:8.2
    partition: web
    ports: { http: 80 }
    health: { path: / }
    resources: { memory: 256Mi, cpu: 0.25 }

# Rules that decide numbers.
policies:
  partition:
    web-vms: { vms: { min: 1, max: 2 }, vm: { cpu: 2, memory: 2Gi } }
  scaling:
    steady: { processes: { min: 2, max: 10 } }

# Who runs what. \`stratos subscribe hello --cartridge php --scaling steady --port 8080\` adds a line like this:
#   hello: { cartridge: php, scaling: steady, port: 8080, hosts: [hello.example.org] }
subscriptions: {}
`;
}

const LOCAL = `  # VMs on this very machine, made of nested LXC containers; needs Linux and root.
  lab: { kind: local }
`;

const STATIC = `  # Machines that exist already. Replace the address and the key by your own: \`ssh-keyscan -t ed25519 ADDRESS\` prints
  # the key; compare its fingerprint with the one on the machine's console.
  rack:
    kind: static
    user: root
    hosts:
      rack1:
        address: 192.0.2.10
        hostKey: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA
`;
