extends Node
class_name Player

signal died(cause)
const SPEED = 3

# Moves it.
func move(delta: float) -> void:
	if delta > 0:
		position += delta

class Inner:
	func get_name():
		return "func fake():"
