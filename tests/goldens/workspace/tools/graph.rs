use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};

type Graph = HashMap<u32, Vec<(u32, u64)>>;

/// Finds the length of the shortest path from one node to all others.
pub fn shortest_paths(graph: &Graph, start: u32) -> HashMap<u32, u64> {
    let mut best = HashMap::new();
    let mut heap = BinaryHeap::from([Reverse((0, start))]);
    while let Some(Reverse((cost, node))) = heap.pop() {
        if best.contains_key(&node) {
            continue;
        }
        best.insert(node, cost);
        for (next, weight) in graph.get(&node).into_iter().flatten() {
            heap.push(Reverse((cost + weight, *next)));
        }
    }
    best
}

/// Orders tasks so that each comes after those it depends on.
pub fn topological_sort(graph: &Graph) -> Vec<u32> {
    fn visit(graph: &Graph, node: u32, seen: &mut HashSet<u32>, order: &mut Vec<u32>) {
        if seen.insert(node) {
            for (next, _) in graph.get(&node).into_iter().flatten() {
                visit(graph, *next, seen, order);
            }
            order.push(node);
        }
    }
    let (mut seen, mut order) = (HashSet::new(), Vec::new());
    for node in graph.keys() {
        visit(graph, *node, &mut seen, &mut order);
    }
    order
}

/// Says whether following the edges can lead back to the start.
pub fn has_cycle(graph: &Graph) -> bool {
    let order = topological_sort(graph);
    let place: HashMap<_, _> = order.iter().enumerate().map(|(i, node)| (*node, i)).collect();
    graph.iter().any(|(node, edges)| edges.iter().any(|(next, _)| place[next] >= place[node]))
}
