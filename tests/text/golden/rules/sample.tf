# The bucket of the logs.
resource "aws_s3_bucket" "logs" {
  bucket = "logs-${var.stage}"
  tags   = { a = "}" }
}

data "aws_region" "here" {}

variable "stage" {
  description = "Where it runs."
  type        = string
}

module "network" {
  source = "./network"
}

locals {
  text = <<-EOT
    resource "not" "here" {
  EOT
}
