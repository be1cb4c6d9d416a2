local k = import 'k.libsonnet';

// Makes a service.
local service(name, port=80) = {
  name: name,
  ports: [{ port: port }],
};

{
  deployment(name):: {
    kind: 'Deployment',
  },
  replicas: 3,
}
