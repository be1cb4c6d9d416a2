// A kettle that tells when the tea is ready.
#import <Foundation/Foundation.h>

#define DEFAULT_LITRES 2

NS_ASSUME_NONNULL_BEGIN

/** Who wants to hear of it. */
@protocol KettleDelegate <NSObject>
- (void)kettleDidBoil:(Kettle *)kettle;
@end

typedef NS_ENUM(NSInteger, KettleLevel) {
  KettleLevelLow,
  KettleLevelHigh,
};

/** Boils water. */
@interface Kettle : NSObject
@property (nonatomic, weak) id<KettleDelegate> delegate;
- (instancetype)initWithLitres:(NSUInteger)litres;
@end

@implementation Kettle {
  NSUInteger _litres;
}

- (instancetype)initWithLitres:(NSUInteger)litres {
  self = [super init];
  if (self) {
    _litres = litres;
  }
  return self;
}

/// Heats until it boils, then tells the delegate.
- (void)heatTo:(double)degrees within:(NSTimeInterval)seconds {
  while (self.temperature < degrees) {
    [self.burner step:seconds];
  }
  [self.delegate kettleDidBoil:self];
}

+ (Kettle *)sharedKettle {
  static Kettle *shared;
  static dispatch_once_t once;
  dispatch_once(&once, ^{
    shared = [[Kettle alloc] initWithLitres:DEFAULT_LITRES];
  });
  return shared;
}

@end

static double celsius(double fahrenheit) {
  return (fahrenheit - 32) / 1.8;
}

NS_ASSUME_NONNULL_END
