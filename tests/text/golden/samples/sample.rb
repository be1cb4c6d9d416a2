# frozen_string_literal: true

require "set"
require_relative "base"

module Shop
  # A basket of goods.
  class Basket < Base
    include Enumerable
    LIMIT = 10
    attr_reader :items

    # Make an empty one.
    def initialize(owner)
      @items = []
    end

    def self.load(path)
      new(path)
    end

    class << self
      def build
        new(nil)
      end
    end

    private

    def total
      items.sum(&:price)
    end

    define_method(:foo) do |x|
      x + 1
    end
  end
end

def main
  puts Shop::Basket.new
end

class Shop::Wallet
  def empty?
    true
  end
end

main if $0 == __FILE__

module Shop
  LIMIT = 3
  Error = Class.new(StandardError)

  class Till
    attr_reader :total
    RATES = { low: 1 }.freeze
  end
end
