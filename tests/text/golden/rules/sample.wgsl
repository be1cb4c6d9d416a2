// A vertex.
struct Vertex {
  @location(0) position: vec3<f32>,
}

@group(0) @binding(0) var<uniform> camera: Camera;

@vertex
fn main(v: Vertex) -> @builtin(position) vec4<f32> {
  if (v.position.x > 0.0) { return vec4(0.0); }
  return vec4(1.0);
}
